// Serves S3 by the engines of this process.
import { listenFailure } from './listen-failure.ts'
import type { Engines, S3Listener } from './serving.ts'

/** Rejects with `ListenRefused` when the address cannot be listened on. */
export async function serveS3(
  engines: Engines,
  options: Parameters<Engines['serveS3']>[0],
): Promise<S3Listener> {
  try {
    return await engines.serveS3(options)
  } catch (cause) {
    throw listenFailure('--listen', options.listen, cause)
  }
}
