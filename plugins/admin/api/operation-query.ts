import type * as z from 'zod'
import { type Fault, pointerTo } from './contents.ts'

/** The query by its schema, or what is wrong with it. */
export function readQuery(
  query: string,
  schema: z.ZodType | undefined,
  repeated: readonly string[] = [],
): { readonly value: unknown } | { readonly faults: readonly Fault[] } {
  const given: Record<string, string | string[]> = Object.create(null)
  const faults: Fault[] = []
  for (const [name, value] of new URLSearchParams(query)) {
    if (repeated.includes(name)) given[name] = [...(given[name] ?? []), value]
    else if (Object.hasOwn(given, name)) faults.push({ parameter: name, detail: 'it is there more than once' })
    else given[name] = value
  }
  if (faults.length > 0) return { faults }
  if (schema === undefined) {
    const names = Object.keys(given)
    return names.length === 0 ? { value: {} } : { faults: names.map(unknownParameter) }
  }
  const result = schema.safeParse({ ...given })
  if (result.success) return { value: result.data }
  return {
    faults: result.error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map(unknownParameter)
        : [{ parameter: String(issue.path[0] ?? ''), detail: issue.message }],
    ),
  }
}

const unknownParameter = (parameter: string): Fault => ({ parameter, detail: 'there is no such parameter' })

/** What a schema finds wrong with a body. */
export const faultsOf = (error: z.ZodError): Fault[] =>
  error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ pointer: pointerTo([...issue.path, key]), detail: 'there is no such member' }))
      : [{ pointer: pointerTo(issue.path), detail: issue.message }],
  )
