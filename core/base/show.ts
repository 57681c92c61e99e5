import { maskText } from './masking.ts'

const LONGEST = 60

/** A value as a message shows it: short, in quotes if it is a text, masked. Lists and mappings are named, not shown. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'object') return 'a mapping'
  if (typeof value !== 'string') return String(value)
  const text = maskText(value)
  return JSON.stringify(text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text)
}
