import { PgBoss } from 'pg-boss'
import type { Enqueue, Job } from '../domain/books.ts'

/**
 * pg-boss, which carries acts: an errand, a business's daily run, a notification. Single messages are not here; their
 * rows are their queue. A job holds ids only, because these tables have no policy.
 */
export type Queue = {
  readonly enqueue: Enqueue
  /** Starts working; a handler that throws is tried again, and in the end stands as failed. */
  work(handlers: Handlers): Promise<void>
  /** Jobs that may run now and are not done; nobody who watches the chat waits for a backup. */
  countPending(options?: { backups: boolean }): Promise<number>
  /** Forgets every job; for the simulator's fresh start. */
  clear(): Promise<void>
  /** Whether the queue answers. */
  isUp(): Promise<boolean>
  stop(): Promise<void>
}

type JobOf<N extends Job['name']> = Extract<Job, { name: N }> & { businessId: number }
export type Handlers = { [N in Job['name']]: (job: JobOf<N>) => Promise<void> }

/** A kill is noticed within this, and the job starts again (faults J11). */
const HEARTBEAT_SECONDS = 10
/** Longer than any act takes; a job that is still running is told by its heartbeat. */
const EXPIRE_SECONDS = 600

const QUEUES: Record<Job['name'], { retryLimit: number; retryDelay: number; retryDelayMax: number }> = {
  errand: { retryLimit: 4, retryDelay: 1, retryDelayMax: 30 },
  issue: { retryLimit: 5, retryDelay: 5, retryDelayMax: 300 },
  // For a short trouble; after that the row's own time comes round, for as long as it takes.
  notification: { retryLimit: 4, retryDelay: 2, retryDelayMax: 60 },
  reconcile: { retryLimit: 2, retryDelay: 5, retryDelayMax: 60 },
  // Nothing is sent until it is done.
  restored: { retryLimit: 20, retryDelay: 5, retryDelayMax: 300 },
  // A full disk may be empty again in the morning.
  backup: { retryLimit: 8, retryDelay: 60, retryDelayMax: 3_600 },
}

/** A batch of one pulls too slowly (J16); with results per job one bad element fails alone (J13). */
const WORK = {
  batchSize: 20,
  burstWhenBatchFull: true,
  perJobResults: true,
  localConcurrency: 3,
  pollingIntervalSeconds: 2,
  notifyPollingIntervalSeconds: 5,
} as const

/**
 * Starts the queue on the same database.
 * @param alone the program knows that it is the only one, so whatever is active belongs to a killed one and starts again
 */
export async function openQueue(options: {
  url: string
  appRole: string | null
  alone: boolean
  onError: (error: Error) => void
}): Promise<Queue> {
  const boss = new PgBoss({
    connectionString: options.url,
    application_name: 'tagih queue',
    max: 6,
    schedule: false,
    useListenNotify: true,
    superviseIntervalSeconds: 1,
    registerInstance: false,
    openTelemetry: { enabled: false },
  })
  boss.on('error', options.onError)
  await boss.start()
  // D01: a connection whose server dies while it is being handed out says so to nobody, which would end the process.
  const { pool } = boss.getDb() as { pool?: NodeJS.EventEmitter }
  pool?.on('connect', (client: NodeJS.EventEmitter) => client.on('error', () => {}))
  const names = Object.keys(QUEUES) as Job['name'][]
  for (const name of names) {
    await boss.createQueue(name, {
      ...QUEUES[name],
      retryBackoff: true,
      expireInSeconds: EXPIRE_SECONDS,
      heartbeatSeconds: HEARTBEAT_SECONDS,
      deleteAfterSeconds: 3 * 86_400,
      notify: true,
    })
  }
  const database = boss.getDb()
  if (options.appRole) await database.executeSql(grants(options.appRole))
  if (options.alone) await restartActive(boss, names)
  return {
    async enqueue(executor, businessId, { name, ...data }) {
      await boss.send(name, { ...data, businessId }, { db: executor })
    },
    async work(handlers) {
      for (const name of names) {
        const handle = handlers[name] as (job: object) => Promise<void>
        await boss.work<object>(name, WORK, (jobs) =>
          Promise.all(
            jobs.map(({ id, data }) =>
              handle({ ...data, name }).then(
                () => ({ id, status: 'completed' as const }),
                (error: Error) => {
                  options.onError(error)
                  return { id, status: 'failed' as const, output: { message: error.message } }
                },
              ),
            ),
          ),
        )
      }
    },
    async countPending({ backups } = { backups: false }) {
      const { rows } = await database.executeSql(
        `select count(*)::int as count from pgboss.job
          where state < 'completed' and start_after <= now() and (name <> 'backup' or $1)`,
        [backups],
      )
      return rows[0].count
    },
    async clear() {
      await boss.deleteAllJobs()
    },
    isUp: () =>
      database.executeSql('select 1').then(
        () => true,
        () => false,
      ),
    stop: () => boss.stop({ graceful: true, timeout: 10_000 }),
  }
}

function grants(role: string): string {
  return `
    grant usage on schema pgboss to "${role}";
    grant select, insert on all tables in schema pgboss to "${role}";
    grant execute on all functions in schema pgboss to "${role}"`
}

async function restartActive(boss: PgBoss, names: readonly string[]): Promise<void> {
  const { rows } = await boss.getDb().executeSql(`select id, name from pgboss.job where state = 'active'`)
  for (const name of names) {
    const ids = rows.filter((row) => row.name === name).map((row) => row.id as string)
    if (ids.length > 0) await boss.fail(name, ids)
  }
}
