import { Alert, Button, Group, Modal, NativeSelect, Stack } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CallError } from '../calls/call.ts';
import { download } from '../calls/download.ts';
import { withQuery } from '../calls/paths.ts';
import type { Filters } from '../calls/search.ts';

type ExportProps = { readonly filters: Filters; readonly onClose: () => void };
type Phase =
  | { readonly is: 'asking' }
  | { readonly is: 'running'; readonly bytes: number }
  | { readonly is: 'done'; readonly address: string; readonly name: string; readonly bytes: number }
  | { readonly is: 'failed'; readonly why: string };

/** The payouts of the filter as a file, however many: it streams, and says how far it is. */
function useExport(filters: Filters) {
  const [phase, setPhase] = useState<Phase>({ is: 'asking' });
  const stopper = useRef<AbortController>(undefined);
  const address = useRef('');
  useEffect(
    () => () => {
      stopper.current?.abort();
      URL.revokeObjectURL(address.current);
    },
    [],
  );
  const start = async (format: string) => {
    const abort = new AbortController();
    stopper.current = abort;
    setPhase({ is: 'running', bytes: 0 });
    try {
      const { name, file } = await download(withQuery('/payouts/export', { ...filters, format }), {
        signal: abort.signal,
        onBytes: (bytes) => setPhase({ is: 'running', bytes }),
      });
      address.current = URL.createObjectURL(file);
      setPhase({ is: 'done', address: address.current, name, bytes: file.size });
    } catch (error) {
      if (!abort.signal.aborted) setPhase({ is: 'failed', why: error instanceof CallError ? error.message : '' });
    }
  };
  const stop = () => {
    stopper.current?.abort();
    setPhase({ is: 'asking' });
  };
  return { phase, start, stop };
}

export function PayoutExport({ filters, onClose }: ExportProps) {
  const { t, i18n } = useTranslation();
  const [format, setFormat] = useState('csv');
  const { phase, start, stop } = useExport(filters);
  const isFiltered = Object.keys(filters).length > 0;
  const size = (bytes: number) =>
    `${(bytes / 1_000).toLocaleString(i18n.language, { maximumFractionDigits: 1 })} ${t('export.kilobytes')}`;
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('export.title')}
      closeOnClickOutside={phase.is !== 'running'}
      closeButtonProps={{ 'aria-label': t('close') }}
    >
      <Stack gap="sm">
        <div>{t(isFiltered ? 'export.filtered' : 'export.all')}</div>
        <NativeSelect
          label={t('export.format')}
          value={format}
          disabled={phase.is === 'running'}
          data={[
            { value: 'csv', label: 'CSV' },
            { value: 'xlsx', label: 'Excel (XLSX)' },
          ]}
          onChange={(event) => setFormat(event.currentTarget.value)}
        />
        <div role="status">
          {phase.is === 'running' && t('export.running', { size: size(phase.bytes) })}
          {phase.is === 'done' && t('export.done', { size: size(phase.bytes) })}
          {phase.is === 'failed' && (
            <Alert color="red" variant="outline" title={t('errors.refused')}>
              {phase.why}
            </Alert>
          )}
        </div>
        <Group justify="flex-end" gap="xs">
          {phase.is === 'running' ? (
            <Button variant="default" onClick={stop}>
              {t('cancel')}
            </Button>
          ) : (
            <Button variant={phase.is === 'done' ? 'default' : 'filled'} onClick={() => void start(format)}>
              {t('export.start')}
            </Button>
          )}
          {phase.is === 'done' && (
            <Button component="a" href={phase.address} download={phase.name}>
              {t('download')}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}
