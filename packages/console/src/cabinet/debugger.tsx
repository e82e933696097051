import { Button, Group, NativeSelect, Stack, Textarea } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Explanation, Key, Page as ApiPage } from '../calls/answers.ts';
import { CallError, change, type Errors, read } from '../calls/call.ts';
import { readField } from '../calls/form.ts';
import { Page, Panel } from '../parts/page.tsx';
import { ExplanationPanel } from './explanation-panel.tsx';

const lineEnds: Readonly<Record<string, (text: string) => string>> = {
  as_pasted: (text) => text,
  newline: (text) => `${text}\n`,
  crlf: (text) => text.replace(/\r?\n/g, '\r\n'),
};

type Pasted = { readonly name: string; readonly base64: string };

/** Why a signature was refused: the body, the Sign header and a key; nothing of it is kept. */
export function DebuggerPage() {
  const { t } = useTranslation();
  const [explanation, setExplanation] = useState<Explanation>();
  return (
    <Page title={t('pages.debugger')}>
      <p>{t('debugger.text')}</p>
      <div className="panels">
        <Panel title={t('debugger.request')}>
          <RequestForm onExplained={setExplanation} />
        </Panel>
        <ExplanationPanel explanation={explanation} />
      </div>
    </Page>
  );
}

type FormProps = { readonly onExplained: (explanation: Explanation) => void };

function RequestForm({ onExplained }: FormProps) {
  const { t } = useTranslation();
  const [file, setFile] = useState<Pasted>();
  const [errors, setErrors] = useState<Errors>({});
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setErrors({});
    try {
      const body = file?.base64 ?? toBase64(lineEnds[readField(form, 'ends')]?.(readField(form, 'body')) ?? '');
      const keyId = readField(form, 'key_id');
      const asked = { body, sign: readField(form, 'sign'), ...(keyId !== '' && { key_id: keyId }) };
      const sent = await change<Explanation>('POST', '/signature/explain', asked);
      if (!sent.isAsked) onExplained(sent.answer);
    } catch (error) {
      setErrors(error instanceof CallError ? error.errors : { request: [String(error)] });
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <Stack gap="sm">
        <Textarea
          name="body"
          label={t('debugger.body')}
          description={t('debugger.bodyHint')}
          error={errors['body']?.join(' ')}
          disabled={file !== undefined}
          autosize
          minRows={5}
          classNames={{ input: 'mono' }}
          spellCheck={false}
        />
        <BodySource file={file} setFile={setFile} />
        <Textarea
          name="sign"
          label={t('debugger.sign')}
          error={errors['sign']?.join(' ')}
          autosize
          minRows={3}
          classNames={{ input: 'mono' }}
          spellCheck={false}
        />
        <KeyChoice error={errors['key_id']?.join(' ')} />
        {errors['request'] !== undefined && <p role="alert">{errors['request'].join(' ')}</p>}
        <Group justify="flex-end">
          <Button type="submit" loading={isBusy}>
            {t('debugger.submit')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function KeyChoice({ error }: { readonly error: string | undefined }) {
  const { t } = useTranslation();
  const keys = useQuery({ queryKey: ['keys', 'own'], queryFn: () => read<ApiPage<Key>>('/keys') });
  return (
    <NativeSelect
      name="key_id"
      label={t('debugger.key')}
      error={error}
      data={[
        { value: '', label: t('debugger.allKeys') },
        ...(keys.data?.items ?? []).map((key) => ({
          value: String(key.id),
          label: `${key.id} · ${key.fingerprint.slice(0, 16)}… · ${t(`states.${key.state}`)}`,
        })),
      ]}
    />
  );
}

type SourceProps = { readonly file: Pasted | undefined; readonly setFile: Keep };

/** How the pasted text ends, or a file in its place. */
function BodySource({ file, setFile }: SourceProps) {
  const { t } = useTranslation();
  return (
    <Group gap="xs" align="end">
      <NativeSelect
        name="ends"
        size="xs"
        label={t('debugger.ends')}
        data={Object.keys(lineEnds).map((value) => ({ value, label: t(`debugger.lineEnds.${value}`) }))}
      />
      <label className="plain file">
        {file?.name ?? t('debugger.file')}
        <input type="file" onChange={(event) => void readFile(event.currentTarget.files?.[0], setFile)} />
      </label>
      {file !== undefined && (
        <Button size="xs" variant="subtle" onClick={() => setFile(undefined)}>
          {t('debugger.noFile')}
        </Button>
      )}
    </Group>
  );
}

function toBase64(text: string): string {
  return encodeBytes(new TextEncoder().encode(text));
}

function encodeBytes(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

type Keep = (file: Pasted | undefined) => void;

/** A file keeps what a paste does not: byte order marks, line breaks at the end, odd encodings. */
async function readFile(file: File | undefined, keep: Keep): Promise<void> {
  if (file === undefined) return keep(undefined);
  keep({ name: file.name, base64: encodeBytes(new Uint8Array(await file.arrayBuffer())) });
}
