import { z } from 'zod';

/**
 * The kinds of Kubernetes that deploy/kubernetes uses, with the fields that it may use of them. An unknown field is
 * refused, since a cluster drops it in silence; and what must be said in each is required here, as the restricted
 * profile of Kubernetes' pod security standards asks for it.
 */
const labels = z.record(z.string().regex(/^[\w./-]{1,253}$/), z.string().regex(/^[\w.-]{1,63}$/));
const name = z.string().regex(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/);
const metadata = z.strictObject({ name, labels });
const seconds = z.int().min(0).max(86_400);
const port = z.int().min(1).max(65_535);
const quantity = z.string().regex(/^\d+(?:m|Ki|Mi|Gi)?$/);
const selector = z.strictObject({ matchLabels: labels });
const resources = z.strictObject({ cpu: quantity, memory: quantity, 'ephemeral-storage': quantity });

const probe = z.strictObject({
  httpGet: z.strictObject({ path: z.string().startsWith('/'), port: name }),
  periodSeconds: seconds.min(1),
  timeoutSeconds: seconds.min(1).optional(),
  failureThreshold: z.int().min(1).optional(),
});

const container = z.strictObject({
  name,
  // A tag that moves would be another program after a restart.
  image: z.string().regex(/^[\w./-]+:\d+\.\d+\.\d+$/),
  imagePullPolicy: z.literal('IfNotPresent'),
  args: z.array(z.string()).length(1),
  envFrom: z.array(z.strictObject({ configMapRef: z.strictObject({ name }) })),
  ports: z.array(z.strictObject({ name, containerPort: port })).optional(),
  lifecycle: z.strictObject({ preStop: z.strictObject({ sleep: z.strictObject({ seconds }) }) }).optional(),
  startupProbe: probe.optional(),
  livenessProbe: probe.optional(),
  readinessProbe: probe.optional(),
  resources: z.strictObject({ requests: resources, limits: resources }),
  securityContext: z.strictObject({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
  }),
  volumeMounts: z.array(
    z.strictObject({ name, mountPath: z.string().startsWith('/'), readOnly: z.literal(true).optional() }),
  ),
});

const volume = z.union([
  z.strictObject({ name, secret: z.strictObject({ secretName: name, defaultMode: z.literal(0o440) }) }),
  z.strictObject({ name, emptyDir: z.strictObject({ sizeLimit: quantity }) }),
]);

const pod = z.strictObject({
  restartPolicy: z.literal('Never').optional(),
  // A graceful stop takes up to 30 s, and the pause before it counts as well.
  terminationGracePeriodSeconds: seconds.min(40),
  serviceAccountName: name,
  automountServiceAccountToken: z.literal(false),
  enableServiceLinks: z.literal(false),
  securityContext: z.strictObject({
    runAsNonRoot: z.literal(true),
    runAsUser: z.int().min(1),
    runAsGroup: z.int().min(1),
    fsGroup: z.int().min(1),
    seccompProfile: z.strictObject({ type: z.literal('RuntimeDefault') }),
  }),
  volumes: z.array(volume),
  topologySpreadConstraints: z
    .array(
      z.strictObject({
        maxSkew: z.int().min(1),
        topologyKey: z.string(),
        whenUnsatisfiable: z.enum(['ScheduleAnyway', 'DoNotSchedule']),
        labelSelector: selector,
      }),
    )
    .optional(),
  containers: z.array(container).min(1),
});

const template = z.strictObject({
  metadata: z.strictObject({ labels, annotations: z.record(z.string(), z.string()).optional() }),
  spec: pod,
});

const peer = z.union([
  z.strictObject({ namespaceSelector: selector }),
  z.strictObject({ podSelector: selector }),
  z.strictObject({ ipBlock: z.strictObject({ cidr: z.cidrv4(), except: z.array(z.cidrv4()).optional() }) }),
]);
const policyPort = z.strictObject({ protocol: z.enum(['TCP', 'UDP']), port, endPort: port.optional() });

const manifest = z.discriminatedUnion('kind', [
  z.strictObject({
    apiVersion: z.literal('v1'),
    kind: z.literal('ConfigMap'),
    metadata,
    data: z.record(z.string(), z.string()),
  }),
  z.strictObject({
    apiVersion: z.literal('v1'),
    kind: z.literal('ServiceAccount'),
    metadata,
    automountServiceAccountToken: z.literal(false),
  }),
  z.strictObject({
    apiVersion: z.literal('v1'),
    kind: z.literal('Service'),
    metadata,
    spec: z.strictObject({
      type: z.literal('ClusterIP'),
      selector: labels,
      ports: z.array(z.strictObject({ name, port, targetPort: name })),
    }),
  }),
  z.strictObject({
    apiVersion: z.literal('batch/v1'),
    kind: z.literal('Job'),
    metadata,
    spec: z.strictObject({
      backoffLimit: z.int().min(0),
      activeDeadlineSeconds: seconds,
      ttlSecondsAfterFinished: seconds,
      template,
    }),
  }),
  z.strictObject({
    apiVersion: z.literal('apps/v1'),
    kind: z.literal('Deployment'),
    metadata,
    spec: z.strictObject({
      replicas: z.int().min(2),
      revisionHistoryLimit: z.int(),
      strategy: z.strictObject({
        type: z.literal('RollingUpdate'),
        rollingUpdate: z.strictObject({ maxUnavailable: z.literal(0), maxSurge: z.int().min(1) }),
      }),
      selector,
      template,
    }),
  }),
  z.strictObject({
    apiVersion: z.literal('policy/v1'),
    kind: z.literal('PodDisruptionBudget'),
    metadata,
    spec: z.strictObject({ minAvailable: z.int().min(1), selector }),
  }),
  z.strictObject({
    apiVersion: z.literal('networking.k8s.io/v1'),
    kind: z.literal('NetworkPolicy'),
    metadata,
    spec: z.strictObject({
      podSelector: selector,
      policyTypes: z.array(z.enum(['Ingress', 'Egress'])).min(1),
      ingress: z.array(z.strictObject({ from: z.array(peer).min(1), ports: z.array(policyPort).min(1) })).optional(),
      egress: z.array(z.strictObject({ to: z.array(peer).min(1), ports: z.array(policyPort).min(1) })).optional(),
    }),
  }),
]);

export type Manifest = z.infer<typeof manifest>;
export type Pod = z.infer<typeof pod>;

/** Throws with every field that is wrong, missing or unknown. */
export function readManifest(given: unknown): Manifest {
  return manifest.parse(given);
}
