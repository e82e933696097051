import { useTranslation } from 'react-i18next';
import type { Explanation } from '../calls/answers.ts';
import { Facts } from '../parts/facts.tsx';
import { Panel } from '../parts/page.tsx';

/** What the gateway verified, byte for byte, and what likely went wrong. */
export function ExplanationPanel({ explanation }: { readonly explanation: Explanation | undefined }) {
  const { t } = useTranslation();
  return (
    <Panel title={t('debugger.verdict')}>
      <div role="status">
        {explanation === undefined ? <p>{t('debugger.nothing')}</p> : <Verdict explanation={explanation} />}
      </div>
    </Panel>
  );
}

function Verdict({ explanation }: { readonly explanation: Explanation }) {
  const { t } = useTranslation();
  const { is_accepted: isAccepted, body, findings, digest, fingerprint } = explanation;
  const long = (text: string | null) => <span className="long">{text ?? '—'}</span>;
  return (
    <>
      <p>
        <span className={`state ${isAccepted ? 'good' : 'bad'}`}>
          {t(isAccepted ? 'debugger.accepted' : 'debugger.refused')}
        </span>
      </p>
      <ul className="problems">
        {findings.map(({ code, text }) => (
          <li key={`${code} ${text}`} className="hostile">
            {text}
          </li>
        ))}
      </ul>
      <Facts
        facts={[
          [t('debugger.madeBy'), long(fingerprint)],
          [t('keys.digest'), digest ?? '—'],
          [t('debugger.signedDigest'), long(explanation.signed_digest)],
          ['SHA-1', long(body.sha1)],
          ['SHA-256', long(body.sha256)],
          [t('debugger.bytes'), body.bytes],
          [t('debugger.head'), long(body.head)],
          [t('debugger.tail'), long(body.tail)],
        ]}
      />
    </>
  );
}
