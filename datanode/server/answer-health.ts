// What a data node says of itself to whoever asks, and an answer to what is no call at all. No word of what it keeps.
import type { IncomingMessage, ServerResponse } from 'node:http'

export async function answerHealth(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  isWell: () => Promise<boolean>,
): Promise<void> {
  incoming.resume()
  const isAsked = incoming.method === 'GET' || incoming.method === 'HEAD'
  if (isAsked && incoming.url === '/health/live') {
    tell(outgoing, 200, 'live\n')
  } else if (isAsked && incoming.url === '/health/ready') {
    if (await isWell()) tell(outgoing, 200, 'ready\n')
    else tell(outgoing, 503, 'not ready\n')
  } else {
    tell(outgoing, 404, 'a Holdfast data node\n')
  }
}

function tell(outgoing: ServerResponse, status: number, text: string): void {
  outgoing.writeHead(status, { 'content-type': 'text/plain', 'content-length': text.length })
  outgoing.end(text)
}
