// How a form upload wants its success answered: with a redirection, or with a status of its choice.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
import { quoteEtag } from './etag.ts'
import type { FormFields } from './sigv4/post-form.ts'

export type SuccessAction =
  | { readonly is: 'redirect'; readonly url: URL }
  /** 201 comes with a document. */
  | { readonly is: 'status'; readonly status: 200 | 201 | 204 }

/** A field that cannot be made out counts as absent, and nothing as 204: so S3 has it. */
export function parseSuccessAction(fields: FormFields): SuccessAction {
  const url = parseRedirect(fields.get('success_action_redirect') ?? fields.get('redirect'))
  if (url !== undefined) return { is: 'redirect', url }
  const status = fields.get('success_action_status')
  if (status === '200') return { is: 'status', status: 200 }
  if (status === '201') return { is: 'status', status: 201 }
  return { is: 'status', status: 204 }
}

function parseRedirect(raw: string | undefined): URL | undefined {
  if (raw === undefined || !URL.canParse(raw)) return undefined
  const url = new URL(raw)
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined
}

/** The address to redirect to: the one asked for, with the new object in its query. */
export function redirectLocation(
  url: URL,
  object: { readonly bucket: string; readonly key: string; readonly etag: string },
): string {
  const asked = url.search === '' ? '' : `${url.search.slice(1)}&`
  const added = [
    `bucket=${encodeURIComponent(object.bucket)}`,
    `key=${encodeURIComponent(object.key)}`,
    `etag=${encodeURIComponent(quoteEtag(object.etag))}`,
  ].join('&')
  return `${url.origin}${url.pathname}?${asked}${added}${url.hash}`
}
