-- People of merchants: they sign in like operators do, and see and do what is their own merchant's.

-- The role says which of the two APIs a user is let into; a user of a merchant is bound to it for ever. Code that does
-- not know the role merchant ranks it below every role it knows.
alter table operator_user
  drop constraint operator_user_role_check,
  add constraint operator_user_role_check check (role in ('viewer', 'operator', 'approver', 'owner', 'merchant')),
  add column merchant_id bigint references merchant,
  add constraint operator_user_of_merchant check ((role = 'merchant') = (merchant_id is not null));
create index operator_user_by_merchant on operator_user (merchant_id) where merchant_id is not null;

-- Who has the secret chooses the user's password, once. A new one ends the ones before.
create table invitation (
  secret_hash bytea primary key,
  user_id bigint not null references operator_user,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);
create index invitation_by_user on invitation (user_id);
