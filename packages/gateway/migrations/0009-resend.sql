-- A notification that is sent again goes through the whole schedule of retries once more: its place in the schedule is
-- counted from the tries it had when that was asked for. The tries themselves keep their numbers.
alter table notification add column tries_before integer not null default 0;
