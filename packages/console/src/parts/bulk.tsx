import { Alert, Button, Group, Modal, Stack, Textarea } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

const atOnceMax = 4;

export type BulkItem = { readonly key: string | number; readonly name: string };

export type BulkProps<Item extends BulkItem> = {
  readonly title: string;
  /** What it will do, in numbers. */
  readonly text: ReactNode;
  readonly submit: string;
  readonly items: readonly Item[];
  /** Asked once for all of them; not asked for when absent. */
  readonly reasonLabel?: string;
  /** Does one of them; answers what was done. Throws with a sentence for people. */
  readonly run: (item: Item, reason: string) => Promise<string>;
  readonly onClose: () => void;
};

type Result = { readonly isDone: boolean; readonly text: string };

/** A few at once, until all are done or somebody stops it. */
function useBulk<Item extends BulkItem>({ items, run }: Pick<BulkProps<Item>, 'items' | 'run'>) {
  const queries = useQueryClient();
  const [phase, setPhase] = useState<'asking' | 'running' | 'ended'>('asking');
  const [results, setResults] = useState<ReadonlyMap<BulkItem['key'], Result>>(new Map());
  const isStopped = useRef(false);
  const runOne = async (item: Item, reason: string): Promise<Result> => {
    try {
      return { isDone: true, text: await run(item, reason) };
    } catch (error) {
      return { isDone: false, text: error instanceof Error ? error.message : String(error) };
    }
  };
  const start = async (reason: string) => {
    setPhase('running');
    const left = [...items];
    const work = async () => {
      for (let item = left.shift(); item !== undefined && !isStopped.current; item = left.shift()) {
        const [{ key }, result] = [item, await runOne(item, reason)];
        setResults((before) => new Map(before).set(key, result));
      }
    };
    await Promise.all(Array.from({ length: atOnceMax }, work));
    setPhase('ended');
    await queries.invalidateQueries();
  };
  return { phase, results, start, stop: () => void (isStopped.current = true) };
}

/** One act for many rows: what it will do, then how each went. Each is a call of its own; none undoes another. */
export function Bulk<Item extends BulkItem>(props: BulkProps<Item>) {
  const { title, items, reasonLabel, onClose } = props;
  const { t } = useTranslation();
  const [reason, setReason] = useState('');
  const { phase, results, start, stop } = useBulk(props);
  const isAsking = phase === 'asking';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void start(reason.trim());
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      size="lg"
      closeOnClickOutside={isAsking && reason === ''}
      closeOnEscape={phase !== 'running'}
      withCloseButton={phase !== 'running'}
      closeButtonProps={{ 'aria-label': t('close') }}
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          {isAsking ? props.text : <Progress items={items} results={results} isRunning={phase === 'running'} />}
          {isAsking && reasonLabel !== undefined && (
            <Textarea
              label={reasonLabel}
              value={reason}
              autosize
              minRows={2}
              required
              onChange={(event) => setReason(event.currentTarget.value)}
            />
          )}
          {!isAsking && <Results items={items} results={results} />}
          <Group justify="flex-end" gap="xs">
            {phase === 'running' ? (
              <Button variant="default" onClick={stop}>
                {t('bulk.stop')}
              </Button>
            ) : (
              <Button variant="default" onClick={onClose}>
                {t(isAsking ? 'cancel' : 'close')}
              </Button>
            )}
            {isAsking && (
              <Button type="submit" color="red.9" disabled={items.length === 0}>
                {props.submit}
              </Button>
            )}
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

type ShownProps = { readonly items: readonly BulkItem[]; readonly results: ReadonlyMap<BulkItem['key'], Result> };

function Progress({ items, results, isRunning }: ShownProps & { readonly isRunning: boolean }) {
  const { t } = useTranslation();
  const done = [...results.values()].filter(({ isDone }) => isDone).length;
  const counts = { done, failed: results.size - done, left: items.length - results.size };
  return (
    <Alert variant="outline" color={counts.failed > 0 ? 'yellow' : 'pine'} role="status">
      {t(isRunning ? 'bulk.running' : 'bulk.ended', counts)}
    </Alert>
  );
}

function Results({ items, results }: ShownProps) {
  const { t } = useTranslation();
  return (
    <ul className="results" tabIndex={0} aria-label={t('bulk.results')}>
      {items.map(({ key, name }) => {
        const result = results.get(key);
        const tone = result === undefined ? 'quiet' : result.isDone ? 'good' : 'bad';
        return (
          <li key={key}>
            <span className="code hostile">{name}</span>
            <span className={`state ${tone}`}>
              {result === undefined ? t('bulk.waits') : t(result.isDone ? 'bulk.done' : 'bulk.refused')}
            </span>
            <span className="hostile">{result?.text}</span>
          </li>
        );
      })}
    </ul>
  );
}
