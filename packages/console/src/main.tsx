import './styles/app.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { router } from './router.tsx';
import { startTexts } from './texts/start.ts';

const root = document.getElementById('root');
// The page of the address is fetched while the texts are.
void router.load();
await startTexts();
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
