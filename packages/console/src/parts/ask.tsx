import {
  Alert,
  Button,
  Group,
  Modal,
  NativeSelect,
  PasswordInput,
  Stack,
  Switch,
  Textarea,
  TextInput,
} from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CallError, type Changed, type Errors } from '../calls/call.ts';
import { useSay } from './toasts.tsx';

export type Values = Readonly<Record<string, string>>;

export type Field = {
  /** The wire's name of it: errors come back under it. */
  readonly name: string;
  readonly label: string;
  readonly kind?: 'line' | 'text' | 'password' | 'choice' | 'switch' | 'amount' | 'date' | 'code';
  readonly hint?: string;
  readonly value?: string;
  readonly isOptional?: boolean;
  readonly choices?: readonly { readonly value: string; readonly label: string }[];
};

export type AskProps<T> = {
  readonly title: string;
  readonly text?: ReactNode;
  readonly fields?: readonly Field[];
  readonly submit: string;
  readonly isDanger?: boolean;
  readonly isWide?: boolean;
  readonly run: (values: Values) => Promise<Changed<T>>;
  /** What is said afterwards; nothing where the next step says it. */
  readonly done?: string;
  /** Nothing is read anew: the session changes, and what comes next has to be shown first. */
  readonly keepsSession?: boolean;
  readonly onDone?: (answer: T) => void;
  /** After it was sent, and when somebody goes away from it. */
  readonly onClose: () => void;
  /** Going away without having sent it, where that is something else. */
  readonly onCancel?: () => void;
  /** Shown below the fields, from what stands in them. */
  readonly preview?: (values: Values) => ReactNode;
};

/** What was typed, what was refused, and the sending of it. */
function useAsk<T>(props: AskProps<T>) {
  const { fields = [], run, onClose } = props;
  const { t } = useTranslation();
  const say = useSay();
  const queries = useQueryClient();
  const [values, setValues] = useState<Values>(() => Object.fromEntries(fields.map((f) => [f.name, f.value ?? ''])));
  const [errors, setErrors] = useState<Errors>({});
  const [isBusy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setErrors({});
    try {
      const changed = await run(values);
      const said = changed.isAsked ? t('asked') : props.done;
      if (said !== undefined) say(said);
      onClose();
      if (!changed.isAsked) props.onDone?.(changed.answer);
      if (props.keepsSession !== true) await queries.invalidateQueries();
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      setErrors(error instanceof CallError ? error.errors : { request: [text] });
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
    } finally {
      setBusy(false);
    }
  };
  const named = new Set(fields.map(({ name }) => name));
  return {
    form,
    values,
    errors,
    isBusy,
    submit,
    isTouched: fields.some((field) => (values[field.name] ?? '') !== (field.value ?? '')),
    /** What was refused and belongs to no field. */
    others: Object.entries(errors).flatMap(([name, texts]) => (named.has(name) ? [] : texts)),
    set: (name: string, value: string) => setValues((before) => ({ ...before, [name]: value })),
  };
}

/** A form over the page. What was typed stays when the gateway refuses it, with the reason at its field. */
export function Ask<T>(props: AskProps<T>) {
  const { fields = [], onCancel = props.onClose } = props;
  const { t } = useTranslation();
  const { form, values, errors, isBusy, isTouched, others, submit, set } = useAsk(props);
  return (
    <Modal
      opened
      onClose={onCancel}
      title={props.title}
      size={props.isWide === true ? 'lg' : 'md'}
      // What was typed is not lost by a click beside the form.
      closeOnClickOutside={!isTouched}
      closeButtonProps={{ 'aria-label': t('close') }}
    >
      <form ref={form} onSubmit={(event) => void submit(event)} noValidate>
        <Stack gap="sm">
          {props.text !== undefined && <div>{props.text}</div>}
          {others.length > 0 && (
            <Alert color="red" variant="outline" role="alert" title={t('errors.refused')}>
              {others.join(' ')}
            </Alert>
          )}
          {fields.map((field) => (
            <AskField
              key={field.name}
              field={field}
              value={values[field.name] ?? ''}
              error={errors[field.name]?.join(' ')}
              onChange={(value) => set(field.name, value)}
            />
          ))}
          {props.preview?.(values)}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onCancel}>
              {t('cancel')}
            </Button>
            <Button type="submit" loading={isBusy} {...(props.isDanger === true && { color: 'red.9' })}>
              {props.submit}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

type AskFieldProps = {
  readonly field: Field;
  readonly value: string;
  readonly error: string | undefined;
  readonly onChange: (value: string) => void;
};

function AskField({ field, value, error, onChange }: AskFieldProps) {
  const { t } = useTranslation();
  const { kind = 'line', name } = field;
  const label = field.isOptional === true ? `${field.label} (${t('optional')})` : field.label;
  const shared = { label, name, value, error, description: field.hint };
  switch (kind) {
    case 'switch':
      return (
        <Switch
          label={label}
          description={field.hint}
          error={error}
          checked={value === 'true'}
          onChange={(event) => onChange(String(event.currentTarget.checked))}
        />
      );
    case 'choice':
      return (
        <NativeSelect
          {...shared}
          data={[...(field.choices ?? [])]}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case 'text':
      return <Textarea {...shared} autosize minRows={3} onChange={(event) => onChange(event.currentTarget.value)} />;
    case 'password':
      return (
        <PasswordInput
          {...shared}
          autoComplete={name === 'current_password' ? 'current-password' : 'new-password'}
          visibilityToggleButtonProps={{ 'aria-label': t('showPassword') }}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    default:
      return (
        <TextInput
          {...shared}
          autoComplete={kind === 'code' ? 'one-time-code' : 'off'}
          {...(kind === 'amount' && { inputMode: 'decimal' })}
          {...(kind === 'date' && { type: 'date' })}
          {...(kind === 'code' && { inputMode: 'numeric' })}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
  }
}
