import type { AnyOperation } from './api-operation.ts'
import { REFUSALS } from './change-refusals.ts'

/** The statuses with a problem document that an operation may have, and when: its own, and those that follow from what it is. */
export function problemsOf(operation: AnyOperation): Readonly<Record<string, string>> {
  const { role, path, query, body, conditional, edits, uses, problems = {} } = operation
  const told = new Map<number, string[]>()
  const add = (status: number, ...about: string[]): void =>
    void told.set(status, [...(told.get(status) ?? []), ...about])
  if (role !== 'open' || query !== undefined) add(400, 'The query is wrong (`query_invalid`).')
  if (path.includes('{')) add(400, 'The path is malformed (`path_invalid`).')
  if (body !== undefined) {
    add(400, 'The body is missing, no UTF-8, or no JSON (`body_missing`, `body_invalid`, `json_invalid`).')
    add(413, 'The body is too large (`request_body_too_large`).')
    add(415, 'The body has another type (`media_type_unsupported`), or is compressed (`coding_unsupported`).')
    if (body.schema !== undefined) add(422, 'The body is not what this takes (`body_invalid`).')
  }
  if (role !== 'open') {
    add(401, 'A filter of the chain wants credentials.')
    add(403, 'The caller lacks the role (`role_missing`).')
    add(406, 'The client takes no such type (`not_acceptable`).')
  }
  if (path.includes('{id}')) add(404, 'There is no such endpoint (`endpoint_not_found`).')
  if (uses !== undefined) add(501, 'This process does not have the service (`not_available`).')
  if (conditional === 'change') {
    add(400, '`If-Match` or `If-None-Match` is malformed (`condition_invalid`).')
    add(412, 'A condition does not hold (`precondition_failed`).')
  }
  if (edits === true) {
    for (const { status, code, detail } of Object.values(REFUSALS)) add(status, `${detail.slice(0, -1)} (\`${code}\`).`)
  }
  for (const [status, about] of Object.entries(problems)) add(Number(status), about)
  return Object.fromEntries([...told].map(([status, about]) => [status, [...new Set(about)].join(' ')]))
}
