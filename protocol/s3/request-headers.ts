// The headers of a request as protocol code takes them. Node's `IncomingHttpHeaders` fits.

/** Names in lower case, values as latin1 text. */
export type RequestHeaders = {
  readonly [name: string]: string | readonly string[] | undefined
}

/** The value of a header; absent when it was not sent or is empty. */
export function headerText(headers: RequestHeaders, name: string): string | undefined {
  const value = headers[name]
  if (value === undefined || value === '') return undefined
  return typeof value === 'string' ? value : value.join(', ')
}
