import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Span } from './trail.ts';

export type CollectorOptions = {
  /** Where an OTLP receiver listens: `/v1/traces` is added. */
  readonly endpoint: string;
  /** For the receiver, a token for example. */
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  /** Told when spans are lost, and once when they arrive again. */
  readonly onTrouble: (error: Error | undefined) => void;
};

export type Collector = { write(span: Span): void; stop(): Promise<void> };

/** What waits for the receiver; more is dropped. A payout's life has about ten spans. */
const spansWaitingMax = 8_192;
const groupMax = 512;
const everyMs = 1_000;
const withinMs = 5_000;

/**
 * Sends spans to an OTLP receiver over HTTP, in groups, beside the work: whatever becomes of them, no payout waits.
 * The packages of OpenTelemetry are loaded here and only when there is somebody to send to. Throws a sentence when they
 * are not installed.
 */
export async function openCollector(options: CollectorOptions): Promise<Collector> {
  const { api, sdk, resources, exporting } = await loadPackages();
  const kinds = { server: api.SpanKind.SERVER, client: api.SpanKind.CLIENT, internal: api.SpanKind.INTERNAL };
  // The ids are the payout's own: whoever starts a span says them first.
  let next = { traceId: '', spanId: '' };
  const idGenerator = { generateTraceId: () => next.traceId, generateSpanId: () => next.spanId };
  const url = `${options.endpoint.replace(/\/$/, '')}/v1/traces`;
  const exporter = new exporting.OTLPTraceExporter({ url, headers: { ...options.headers }, timeoutMillis: withinMs });
  const processor = new sdk.BatchSpanProcessor({
    exporter: tellTrouble(exporter, options.onTrouble),
    maxQueueSize: spansWaitingMax,
    maxExportBatchSize: groupMax,
    scheduledDelayMillis: everyMs,
    exportTimeoutMillis: withinMs,
  });
  const provider = new sdk.TracerProvider({
    idGenerator,
    resource: resources.resourceFromAttributes({ 'service.name': options.serviceName }),
    spanProcessors: [processor],
    sampler: new sdk.AlwaysOnSampler(),
  });
  const tracer = provider.getTracer('vyplata');
  const traceFlags = api.TraceFlags.SAMPLED;
  return {
    write(span) {
      const { traceId, spanId, parentSpanId, link } = span;
      next = { traceId, spanId };
      const parent = { traceId, spanId: parentSpanId ?? '', traceFlags, isRemote: true };
      const above = parentSpanId === undefined ? api.ROOT_CONTEXT : api.trace.setSpanContext(api.ROOT_CONTEXT, parent);
      const links = link === undefined ? [] : [{ context: { ...link, traceFlags } }];
      const { attributes } = span;
      const started = { kind: kinds[span.kind], startTime: span.startedAtMs, attributes, links };
      const begun = tracer.startSpan(span.name, started, above);
      if (attributes['vyplata.is_failed'] === true) begun.setStatus({ code: api.SpanStatusCode.ERROR });
      begun.end(span.endedAtMs);
    },
    // What the receiver does not take now is lost: it must not keep the process from ending.
    stop: () => provider.shutdown().catch(() => {}),
  };
}

type Exporting = { readonly code: number; readonly error?: Error };
type Exporter = {
  export(spans: ReadableSpan[], done: (result: Exporting) => void): void;
  shutdown(): Promise<void>;
};

function tellTrouble(exporter: Exporter, onTrouble: CollectorOptions['onTrouble']): Exporter {
  let isFailing = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const isFailed = result.code !== 0;
        if (isFailed && !isFailing) onTrouble(result.error ?? new Error('the receiver of traces did not take them'));
        if (!isFailed && isFailing) onTrouble(undefined);
        isFailing = isFailed;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}

async function loadPackages() {
  try {
    const [api, sdk, resources, exporting] = await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/exporter-trace-otlp-http'),
    ]);
    return { api, sdk, resources, exporting };
  } catch (cause) {
    throw new Error(
      'OTEL_EXPORTER_OTLP_ENDPOINT is set, but the packages of OpenTelemetry are not installed. ' +
        'Install what the gateway depends on with `npm ci`, or unset it.',
      { cause },
    );
  }
}
