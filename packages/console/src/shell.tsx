import { Kbd, TextInput } from '@mantine/core';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { type FormEvent, lazy, Suspense, useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { readSearch } from './calls/search.ts';
import { isMerchantSide } from './calls/side.ts';
import { useKeyboard } from './keyboard.ts';
import { pages } from './navigation.ts';
import { PauseBanner } from './pages/pause-banner.tsx';
import { countText, useQueues } from './pages/read-queues.ts';
import { Icon } from './parts/icon.tsx';
import { Preferences } from './preferences.tsx';
import { useOperator, useRoles, useSignOut } from './session.tsx';

const loadCommands = () => import('./commands.tsx');
const Commands = lazy(() => loadCommands().then((file) => ({ default: file.Commands })));
// Whoever presses Ctrl-K goes on typing at once.
requestIdleCallback?.(() => void loadCommands());
const Shortcuts = lazy(() => import('./shortcuts.tsx').then((file) => ({ default: file.Shortcuts })));

/** What stands around every page. */
export function Shell() {
  const { t } = useTranslation();
  const [overlay, setOverlay] = useState<'commands' | 'shortcuts'>();
  const [isMenuOpen, setMenuOpen] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  const main = useRef<HTMLElement>(null);
  const navigate = useNavigate();
  const path = useRouterState({ select: ({ location }) => location.pathname });
  useEffect(() => {
    setMenuOpen(false);
    main.current?.scrollTo(0, 0);
  }, [path]);
  const onCommand = useCallback(() => setOverlay('commands'), []);
  const onHelp = useCallback(() => setOverlay('shortcuts'), []);
  const onKey = useCallback(
    (keys: string) => {
      if (keys === '?') setOverlay('shortcuts');
      if (keys === '/') search.current?.focus();
      const page = pages.find(({ letter }) => keys === `g${letter}`);
      if (page !== undefined) void navigate({ to: page.to });
    },
    [navigate],
  );
  useKeyboard({ onCommand, onKey });
  return (
    <div className="shell">
      <a href="#main" className="skip">
        {t('skip')}
      </a>
      <Top
        search={search}
        isMenuOpen={isMenuOpen}
        onMenu={() => setMenuOpen((is) => !is)}
        onCommand={onCommand}
        onHelp={onHelp}
      />
      <Side isOpen={isMenuOpen} />
      <main id="main" className="main" tabIndex={-1} ref={main}>
        {!isMerchantSide && <PauseBanner />}
        <Outlet />
      </main>
      <Suspense>
        {overlay === 'commands' && <Commands onClose={() => setOverlay(undefined)} onHelp={onHelp} />}
        {overlay === 'shortcuts' && <Shortcuts onClose={() => setOverlay(undefined)} />}
      </Suspense>
    </div>
  );
}

type TopProps = {
  readonly search: React.RefObject<HTMLInputElement | null>;
  readonly isMenuOpen: boolean;
  readonly onMenu: () => void;
  readonly onCommand: () => void;
  readonly onHelp: () => void;
};

function Top({ search, isMenuOpen, onMenu, onCommand, onHelp }: TopProps) {
  const { t } = useTranslation();
  const operator = useOperator();
  const signOut = useSignOut();
  return (
    <header className="top">
      <button type="button" className="plain burger" aria-expanded={isMenuOpen} aria-label={t('menu')} onClick={onMenu}>
        <Icon name="menu" size={18} />
      </button>
      <Link to="/" className="brand" aria-label={t('brand')}>
        <Mark />
        <span>Vyplata</span>
      </Link>
      <Search field={search} />
      <div className="end">
        <button type="button" className="plain wide" onClick={onCommand}>
          {t('commands.title')} <Kbd size="xs">Ctrl K</Kbd>
        </button>
        <button
          type="button"
          className="plain wide"
          aria-label={t('shortcuts.title')}
          title={t('shortcuts.title')}
          onClick={onHelp}
        >
          ?
        </button>
        <Preferences />
        <Link to="/own" className="plain wide who hostile" title={t(`roles.${operator.role}`)}>
          {operator.login}
        </Link>
        <button
          type="button"
          className="plain"
          aria-label={t('signOut')}
          title={t('signOut')}
          onClick={() => void signOut()}
        >
          <Icon name="leave" />
        </button>
      </div>
    </header>
  );
}

export function Mark({ size = 22 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#1f6f5c" />
      <path d="M8 9l8 14 8-14" fill="none" stroke="#fff" strokeWidth="3.5" strokeLinecap="round" />
    </svg>
  );
}

function Search({ field }: { readonly field: TopProps['search'] }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const text = new FormData(event.currentTarget).get('q');
    if (typeof text !== 'string') return;
    void navigate({ to: '/payouts', search: readSearch(text) });
    event.currentTarget.reset();
    field.current?.blur();
  };
  return (
    <form role="search" onSubmit={submit}>
      <TextInput
        ref={field}
        name="q"
        size="xs"
        type="search"
        autoComplete="off"
        aria-label={t('search')}
        placeholder={t('searchHint')}
        rightSection={<Kbd size="xs">/</Kbd>}
      />
    </form>
  );
}

/** What waits for a person, in the side bar. */
function useCounts(): Readonly<Record<string, string>> {
  const { reviews, dead, incidents, approvals } = useQueues();
  return {
    reviews: countText(reviews.data),
    notifications: countText(dead.data),
    incidents: countText(incidents.data),
    approvals: countText(approvals.data),
  };
}

function Side({ isOpen }: { readonly isOpen: boolean }) {
  const { t } = useTranslation();
  const may = useRoles();
  const counts = useCounts();
  const shown = pages.filter(({ role }) => may[role]);
  return (
    <nav className={`side${isOpen ? ' open' : ''}`} aria-label={t('menu')}>
      {[0, 1, 2, 3].map((group) => (
        <ul key={group}>
          {shown
            .filter((page) => page.group === group)
            .map(({ to, key }) => (
              <li key={to}>
                <Link to={to} activeOptions={{ exact: to === '/', includeSearch: false }}>
                  <Icon name={key} />
                  <span className="name">{t(`pages.${key}`)}</span>
                  {(counts[key] ?? '') !== '' && <span className="state alarm">{counts[key]}</span>}
                </Link>
              </li>
            ))}
        </ul>
      ))}
    </nav>
  );
}
