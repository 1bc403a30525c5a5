// The commands of `holdfast`, in the order in which help lists them.
import type { CommandRow } from './command.ts'

export const commands: ReadonlyMap<string, CommandRow> = new Map<string, CommandRow>([
  [
    'server',
    {
      summary: 'starts the S3 server',
      alsoSoughtAs: ['start', 'serve', 'run', 'up', 'daemon', 'launch', 'minio', 's3'],
      load: async () => (await import('./server.ts')).serverCommand,
    },
  ],
  [
    'metadata',
    {
      summary: 'serves metadata to the other parts of a cluster',
      alsoSoughtAs: ['meta', 'catalog', 'metadata-service', 'database', 'mds'],
      load: async () => (await import('./metadata.ts')).metadataCommand,
    },
  ],
  [
    'gateway',
    {
      summary: 'serves S3 as a part of a cluster',
      alsoSoughtAs: ['proxy', 'frontend', 'edge'],
      load: async () => (await import('./gateway.ts')).gatewayCommand,
    },
  ],
  [
    'worker',
    {
      summary: 'does follow-up work as a part of a cluster',
      alsoSoughtAs: ['background', 'consumer', 'jobs'],
      load: async () => (await import('./worker.ts')).workerCommand,
    },
  ],
  [
    'datanode',
    {
      summary: 'keeps and serves the chunks of a cluster',
      alsoSoughtAs: ['data-node', 'storage', 'node', 'chunks', 'volume'],
      load: async () => (await import('./datanode.ts')).datanodeCommand,
    },
  ],
  [
    'admin',
    {
      summary: 'looks after tenants, users, keys, policies and quotas',
      alsoSoughtAs: ['tenant', 'tenants', 'user', 'users', 'key', 'keys', 'policy', 'quota', 'mc'],
      load: async () => (await import('./admin.ts')).adminCommand,
    },
  ],
  [
    'check',
    {
      summary: 'verifies the data of a server that is stopped',
      alsoSoughtAs: ['fsck', 'verify', 'doctor', 'scrub', 'test'],
      load: async () => (await import('./check.ts')).checkCommand,
    },
  ],
  [
    'backup',
    {
      summary: 'copies a store, whether its server runs or not',
      alsoSoughtAs: ['snapshot', 'dump', 'copy', 'save'],
      load: async () => (await import('./backup.ts')).backupCommand,
    },
  ],
  [
    'restore',
    {
      summary: 'brings a store back from a backup',
      alsoSoughtAs: ['load', 'import', 'rollback'],
      load: async () => (await import('./restore.ts')).restoreCommand,
    },
  ],
  [
    'recover',
    {
      summary: 'goes on with metadata and chunks that do not match',
      alsoSoughtAs: ['repair', 'heal', 'fix', 'rescue', 'salvage'],
      load: async () => (await import('./recover.ts')).recoverCommand,
    },
  ],
  [
    'tasks',
    {
      summary: 'looks into the queues of tasks in RabbitMQ',
      alsoSoughtAs: ['queue', 'queues', 'rabbitmq', 'dead', 'deadletters', 'requeue', 'jobs'],
      load: async () => (await import('./tasks.ts')).tasksCommand,
    },
  ],
  [
    'zip',
    {
      summary: 'fetches or stores a prefix as one zip',
      alsoSoughtAs: ['download', 'archive', 'export', 'get', 'fetch'],
      load: async () => (await import('./zip.ts')).zipCommand,
    },
  ],
])
