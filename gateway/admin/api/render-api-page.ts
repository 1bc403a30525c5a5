// A page of the admin API for people, made of its description: every operation with what it takes and gives, every schema. One
// document without scripts, which loads nothing.
import { html, raw } from 'hono/html'
import type { AdminRoutes } from './admin-env.ts'

type Described = ReturnType<AdminRoutes['getOpenAPI31Document']>
type Html = ReturnType<typeof html>

type Operation = {
  readonly tags?: readonly string[]
  readonly summary?: string
  readonly description?: string
  readonly parameters?: readonly unknown[]
  readonly requestBody?: unknown
  readonly responses?: Readonly<Record<string, unknown>>
}

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const

export function renderApiPage({ info, paths = {}, components = {} }: Described): Html {
  const sections = new Map<string, Html[]>()
  for (const [path, item] of Object.entries(paths)) {
    for (const method of methods) {
      const operation: Operation | undefined = item[method]
      if (operation === undefined) continue
      const [tag = 'others'] = operation.tags ?? []
      const shown = sections.get(tag) ?? []
      shown.push(renderOperation(`${method.toUpperCase()} ${path}`, operation))
      sections.set(tag, shown)
    }
  }
  const schemas = Object.entries(components.schemas ?? {}).map(
    ([name, schema]) => html`<details id="${name}"><summary><code>${name}</code></summary>
<pre>${linked(schema)}</pre></details>`,
  )
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${info.title}</title>
<style>${raw(style)}</style>
<h1>${info.title}</h1>
<p>${info.description ?? ''}</p>
<p>For programs: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1).</p>
<nav>${[...sections.keys()].map((tag) => html`<a href="#of-${tag}">${tag}</a> `)}</nav>
${[...sections].map(([tag, shown]) => html`<h2 id="of-${tag}">${tag}</h2>${shown}`)}
<h2>Schemas</h2>
${schemas}
</html>
`
}

function renderOperation(name: string, operation: Operation): Html {
  const { summary = '', description, parameters = [], requestBody, responses = {} } = operation
  const answers = Object.entries(responses).filter(([status]) => status !== 'default')
  return html`<details><summary><code>${name}</code> ${summary}</summary>
${description === undefined ? '' : html`<p>${description}</p>`}
${parameters.length === 0 ? '' : html`<h4>Takes</h4><pre>${linked(parameters.map(parameterOf))}</pre>`}
${requestBody === undefined ? '' : html`<h4>Body</h4><pre>${linked(schemaIn(requestBody))}</pre>`}
${answers.map(
  ([status, answer]) => html`<h4>${status}</h4><p>${textOf(answer, 'description')}</p>
${schemaIn(answer) === undefined ? '' : html`<pre>${linked(schemaIn(answer))}</pre>`}`,
)}</details>`
}

function parameterOf(parameter: unknown): unknown {
  const place = textOf(parameter, 'in')
  const required = fieldOf(parameter, 'required') === true ? { required: true } : {}
  return { [`${textOf(parameter, 'name')} (${place})`]: fieldOf(parameter, 'schema'), ...required }
}

/** Of JSON, as bodies and answers have it. */
function schemaIn(part: unknown): unknown {
  return fieldOf(fieldOf(fieldOf(part, 'content'), 'application/json'), 'schema')
}

/** As JSON, in which the names of schemas lead to them. */
function linked(value: unknown): Html {
  const text = JSON.stringify(value, undefined, 2) ?? ''
  const pieces = text.split(/\{\s*"\$ref": "#\/components\/schemas\/([A-Za-z]+)"\s*\}/)
  return html`${pieces.map((piece, at) => (at % 2 === 0 ? piece : html`<a href="#${piece}">${piece}</a>`))}`
}

function textOf(value: unknown, name: string): string {
  return String(fieldOf(value, name) ?? '')
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

const style = `
  body { font: 1rem/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem }
  pre { background: #8882; padding: .75rem; overflow: auto }
  summary { cursor: pointer; padding: .25rem 0 }
  h4 { margin: .5rem 0 0 }
  :root { color-scheme: light dark }
`
