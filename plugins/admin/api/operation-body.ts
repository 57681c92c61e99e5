import { duplicateMember, LocalReply, type Request, WeirError } from '../../../core/index.ts'
import type { BodySpec } from './api-operation.ts'
import { type Fault, pointerTo, problem } from './contents.ts'
import { faultsOf } from './operation-query.ts'

/** The body of a request as an operation takes it, or a refusal. */
export async function readBody(
  { headers, body, method }: Request,
  { types, schema, cap, required = true }: BodySpec<unknown>,
): Promise<{ readonly value: unknown } | LocalReply> {
  if (body.empty) return required ? problem(400, 'body_missing', 'The request needs a body.') : { value: undefined }
  const refusal = refuseType(headers.joined('content-type'), headers.joined('content-encoding'), types, method)
  if (refusal !== undefined) return refusal
  const bytes = await bytesOf(body, cap)
  if (bytes instanceof LocalReply) return bytes
  const text = textOf(bytes)
  if (text === undefined) return problem(400, 'body_invalid', 'The body is not valid UTF-8.')
  if (schema === undefined) return { value: text }
  if (text.trim() === '' && !required) return { value: undefined }
  const json = jsonOf(text)
  if (json instanceof LocalReply) return json
  const result = schema.safeParse(json.value)
  return result.success ? { value: result.data } : invalid(faultsOf(result.error))
}

/** 415 (RFC 9110 §15.5.16); `Accept-Patch` is of RFC 5789 §3.1. */
function refuseType(
  type: string | undefined,
  coding: string | undefined,
  types: readonly string[],
  method: string,
): LocalReply | undefined {
  if (coding !== undefined && coding.trim().toLowerCase() !== 'identity')
    return problem(415, 'coding_unsupported', 'The body must not be compressed.', {
      headers: { 'Accept-Encoding': 'identity' },
    })
  const [essence = '', ...parameters] = (type ?? '').split(';').map((part) => part.trim().toLowerCase())
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length)
  const utf8 = charset === undefined || /^"?(?:utf-8|us-ascii)"?$/.test(charset)
  if (types.includes(essence) && utf8) return undefined
  return problem(415, 'media_type_unsupported', `The body must be ${types.join(' or ')}, in UTF-8.`, {
    headers: { [method === 'PATCH' ? 'Accept-Patch' : 'Accept']: types.join(', ') },
  })
}

async function bytesOf(body: Request['body'], cap: number): Promise<Buffer | LocalReply> {
  try {
    return await body.buffer(cap)
  } catch (error) {
    if (!(error instanceof WeirError) || error.code !== 'request_body_too_large') throw error
    return problem(413, error.code, `The body is larger than ${cap / 1024} KiB.`)
  }
}

function textOf(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** A member of two names, or one that is no plain data, could mean something else to whoever reads it next. */
function jsonOf(text: string): { readonly value: unknown } | LocalReply {
  let value: unknown
  let proto: Fault | undefined
  try {
    value = JSON.parse(text, (key, member: unknown) => {
      if (key === '__proto__') proto = { pointer: '', detail: '"__proto__" is not allowed as a name' }
      return member
    })
  } catch (error) {
    return problem(400, 'json_invalid', `The body is not valid JSON: ${(error as Error).message.slice(0, 200)}`)
  }
  if (proto !== undefined) return invalid([proto])
  const twice = duplicateMember(text)
  if (twice === undefined) return { value }
  return problem(400, 'json_invalid', 'An object of the body has two members of one name.', {
    extra: { errors: [{ pointer: pointerTo(twice), detail: 'there is a member of this name before' }] },
  })
}

const invalid = (errors: readonly Fault[]): LocalReply =>
  problem(422, 'body_invalid', 'The body is not what this operation takes.', { extra: { errors } })
