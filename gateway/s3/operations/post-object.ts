// PostObject: the upload of a browser's form. Its signature, its policy and what would else be headers
// stand in the fields before the file, so they are judged here and not by `http/`.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
import assert from 'node:assert'
import { type PostForm, parseFormData } from '../../../protocol/s3/body/form-data-parser.ts'
import { guardFileSize } from '../../../protocol/s3/body/length-guard.ts'
import { checkHeaders, checkHeadersOfForm } from '../../../protocol/s3/check-headers.ts'
import { checkParameters } from '../../../protocol/s3/check-parameters.ts'
import { quoteEtag } from '../../../protocol/s3/etag.ts'
import { putBytesMax } from '../../../protocol/s3/limits.ts'
import {
  formHeaders,
  parseFormKey,
  parseSuccessAction,
  redirectLocation,
  requireTextFields,
} from '../../../protocol/s3/post-object-fields.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { expandFileName, type FormFields } from '../../../protocol/s3/sigv4/post-form.ts'
import {
  checkPostPolicy,
  type FileSizeRange,
  parsePostPolicy,
} from '../../../protocol/s3/sigv4/post-policy.ts'
import { renderPostResponse } from '../../../protocol/s3/xml/render-post-response.ts'
import type { AuthenticateForm } from '../../access/authenticate-form.ts'
import type { Identity } from '../../access/identity.ts'
import { requireOwner } from '../../access/owner.ts'
import { checkPresignedHeaders, isPresigned } from '../../access/presigned-headers.ts'
import type { Reply } from '../../reply.ts'
import type { FormCall, ObjectCall, Operation, RequestBody } from '../operation.ts'
import { type StoredObject, storedHeaders, storeObject } from '../write/store-object.ts'

export function makePostObject(authenticateForm: AuthenticateForm): Operation<FormCall> {
  return async (request) => {
    checkAround(request)
    if (request.body.decodedBytes === undefined) throw new S3Error('MissingContentLength')
    const body = request.body.stream()[Symbol.asyncIterator]()
    try {
      const contentType = request.headers['content-type']
      const form = await parseFormData({ [Symbol.asyncIterator]: () => body }, contentType)
      const identity = await authenticateForm(form.fields, request.notes)
      return await storeForm(request, form, identity)
    } finally {
      // The form is read piece by piece, so that nobody else lets go of the request.
      await body.return?.()
    }
  }
}

/** What stands beside the form is covered by no signature: nothing there may say what is done. */
function checkAround({ query, headers }: FormCall): void {
  if (isPresigned(query)) {
    throw new S3Error('InvalidArgument', undefined, {
      message: 'A form carries its signature in its fields, and its address none.',
    })
  }
  checkParameters('PostObject', query)
  checkPresignedHeaders(query)
  checkHeadersOfForm(headers)
}

async function storeForm(request: FormCall, form: PostForm, identity: Identity): Promise<Reply> {
  requireTextFields(form.latin1Fields)
  const fields = expandFileName(form.fields, form.file.name)
  const sizes = identity.is === 'anonymous' ? anySize : checkPolicy(request, fields)
  const key = parseFormKey(fields)
  const headers = formHeaders(fields, form.latin1Fields)
  checkHeaders('PostObject', Object.fromEntries(fields))
  const body = formFileBody(form.file.body, sizes)
  const call = await request.enter({ identity, key, headers, body })
  requireOwner(request.headers, call.bucket.tenantId, { decisions: call.notes.decisions })
  const stored = await storeObject(call, { sizeMax: putBytesMax, lengthOptional: true })
  return answer(call, fields, stored)
}

/** Without a signature there is no policy either. */
const anySize: FileSizeRange = { min: 0, max: putBytesMax }

function checkPolicy(request: FormCall, fields: FormFields): FileSizeRange {
  const sizes = checkPostPolicy(parsePostPolicy(fields.get('policy') ?? ''), {
    fields,
    bucket: request.bucketName,
    nowMs: request.services.now(),
  })
  return { min: sizes.min, max: Math.min(sizes.max, putBytesMax) }
}

function answer(call: ObjectCall, fields: FormFields, stored: StoredObject): Reply {
  const object = { bucket: call.bucket.name, key: call.key, etag: stored.etag }
  const action = parseSuccessAction(fields)
  const headers = storedHeaders(stored)
  if (action.is === 'redirect') {
    return { status: 303, headers: { ...headers, Location: redirectLocation(action.url, object) } }
  }
  const location = objectUrl(call)
  const located = { ...headers, Location: location }
  if (action.status !== 201) return { status: action.status, headers: located }
  return {
    status: 201,
    headers: { ...located, ETag: quoteEtag(stored.etag), 'Content-Type': 'application/xml' },
    body: renderPostResponse({ ...object, location }),
  }
}

/** The form is posted to the bucket: its address, as the client wrote it, and the key. */
function objectUrl(call: ObjectCall): string {
  const bucketPath = call.rawPath.endsWith('/') ? call.rawPath : `${call.rawPath}/`
  return call.endpoint + bucketPath + call.key.split('/').map(encodeURIComponent).join('/')
}

/**
 * The file as the body of a PutObject, held to the sizes that its policy allows. The stream throws
 * `EntityTooLarge` and, at its end, `EntityTooSmall`.
 */
function formFileBody(file: AsyncIterable<Buffer>, sizes: FileSizeRange): RequestBody {
  return {
    decodedBytes: undefined,
    expectedSha256: undefined,
    announcedTrailers: [],
    stream: () => guardFileSize(file, sizes),
    trailer: () => undefined,
    bytes: () => assert.fail('the file of a form is only streamed'),
  }
}
