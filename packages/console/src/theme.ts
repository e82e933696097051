import { createTheme, type CSSVariablesResolver } from '@mantine/core';

const sans = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';

export const theme = createTheme({
  primaryColor: 'pine',
  primaryShade: { light: 7, dark: 7 },
  defaultRadius: 'md',
  fontFamily: sans,
  fontFamilyMonospace: 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  headings: { fontFamily: sans, fontWeight: '650' },
  colors: {
    pine: [
      '#eef7f4',
      '#d9ece6',
      '#b1d9cd',
      '#86c5b2',
      '#61b39a',
      '#4aa78b',
      '#37977a',
      '#1f6f5c',
      '#1a5f4f',
      '#114c3e',
    ],
  },
  components: {
    Button: { defaultProps: { size: 'sm' } },
    // A dialog's heading is no second banner of the page.
    Modal: {
      defaultProps: {
        centered: true,
        overlayProps: { backgroundOpacity: 0.45 },
        attributes: { header: { role: 'presentation' } },
      },
    },
  },
});

/** Mantine's greys and reds are a little too light to be read by everybody (WCAG 2.2, 1.4.3). */
export const resolveVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#4f5b57',
    '--mantine-color-placeholder': '#646f6b',
    '--mantine-color-error': '#b3261e',
    '--mantine-color-anchor': '#1a5f4f',
    '--mantine-color-body': '#fbfcfb',
    '--mantine-color-text': '#17211e',
    '--mantine-color-default-border': '#d5dcd9',
  },
  dark: {
    '--mantine-color-dimmed': '#a7b3af',
    '--mantine-color-placeholder': '#94a09c',
    '--mantine-color-error': '#ff9a92',
    '--mantine-color-anchor': '#86c5b2',
    '--mantine-color-body': '#121715',
    '--mantine-color-text': '#e4eae7',
    '--mantine-color-default': '#1a211e',
    '--mantine-color-default-hover': '#222b27',
    '--mantine-color-default-border': '#313c37',
  },
});
