// The page for people who open one of the ports in a browser: what it is, and where to go from there. It
// says nothing that is not in the documents.

export type WelcomePort =
  /** `endpoint`: as the browser has addressed it. */
  { readonly is: 's3'; readonly endpoint: string } | { readonly is: 'admin' }

/** Whether a browser asks: HTML by name. S3 clients and programs take anything or say nothing. */
export function takesHtml(accept: string | undefined): boolean {
  return accept?.includes('text/html') === true
}

export function welcomePage(port: WelcomePort): string {
  switch (port.is) {
    case 's3':
      return page(s3Text(escapeHtml(port.endpoint)))
    case 'admin':
      return page(adminText)
    default:
      return port satisfies never
  }
}

function page(text: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Holdfast</title>
<style>
  body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem }
  pre { background: #8882; padding: .75rem; overflow: auto }
  :root { color-scheme: light dark }
</style>
<h1>Holdfast</h1>
${text}</html>
`
}

function s3Text(endpoint: string): string {
  return `<p>An object store that speaks S3. This is its S3 port: S3 clients talk to it with an access key, and there
is nothing here for a browser to see. For instance:</p>
<pre>aws --endpoint-url ${endpoint} s3 ls</pre>
<p>How other clients connect is in <code>docs/clients.md</code> of the program, its settings are in
<code>docs/configuration.md</code>. It is well when <a href="/minio/health/ready">/minio/health/ready</a> answers 200;
the admin port tells more.</p>
`
}

const adminText = `<p>An object store that speaks S3. This is its admin port, for health checks and the admin API; S3
is on the other port.</p>
<ul>
<li><a href="/healthz">/healthz</a> answers 200 while the server runs.</li>
<li><a href="/readyz">/readyz</a> answers 200 when it serves, otherwise 503, and says what is missing.</li>
<li><a href="/docs">/docs</a> shows the admin API.</li>
</ul>
<p>There is no console. The settings are in <code>docs/configuration.md</code> of the program.</p>
`

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '')
}
