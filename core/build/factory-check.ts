import type { Filter, TerminalFilter } from '../api/filter.ts'
import type { FilterFactory } from '../api/filter-factory.ts'
import { didYouMean } from '../base/suggest.ts'

// Checks for all authors what TypeScript checks for those who use it. Without them, a misspelled hook would silently never run.

const FACTORY_KEYS = {
  name: 'string',
  apiVersion: 'number',
  summary: 'string',
  options: 'schema',
  terminal: 'boolean',
  perEndpoint: 'boolean',
  offline: 'boolean',
  prompt: 'boolean',
  reads: 'list',
  writes: 'list',
  sets: 'function',
  enforces: 'list',
  advises: 'list',
  needs: 'list',
  wants: 'list',
  create: 'function',
} as const satisfies Record<keyof FilterFactory, string>

const HOOKS = {
  request: true,
  routed: true,
  upstream: true,
  admit: true,
  settled: true,
  response: true,
  log: true,
  explain: true,
  rejected: true,
  patterns: true,
  dispose: true,
  pick: true,
  call: true,
} as const satisfies Record<keyof Filter | keyof TerminalFilter, true>

const TERMINAL_ONLY = ['pick', 'call'] as const

/**
 * Checks what a module exports as a filter factory, and returns it.
 * @throws Error in words for the plugin's author
 */
export function checkFactory(candidate: unknown): FilterFactory {
  if (typeof candidate !== 'object' || candidate === null)
    throw new Error('its default export is no filter factory; export default defineFilter({ … })')
  const factory = candidate as Readonly<Record<string, unknown>>
  const { name, apiVersion } = factory
  if (typeof name !== 'string' || !/^[a-z][a-z0-9-]{0,63}$/.test(name))
    throw new Error(`its filter's name must be kebab case (found ${shown(name)})`)
  if (apiVersion !== 1) throw new Error(`its filter "${name}" has apiVersion ${shown(apiVersion)}; this Weir offers 1`)
  if (typeof factory.create !== 'function') throw new Error(`its filter "${name}" has no create() function`)
  for (const key of Object.keys(factory)) {
    if (!Object.hasOwn(FACTORY_KEYS, key))
      throw new Error(
        `its filter "${name}" has an unknown key "${key}".${didYouMean(key, Object.keys(FACTORY_KEYS))} A factory has: ${Object.keys(FACTORY_KEYS).join(', ')}.`,
      )
    const kind = FACTORY_KEYS[key as keyof typeof FACTORY_KEYS]
    if (factory[key] !== undefined && !isOfKind(factory[key], kind))
      throw new Error(
        `its filter "${name}" has a wrong "${key}": expected ${EXPECTED[kind]}, found ${kindOf(factory[key])}`,
      )
  }
  for (const key of ['reads', 'writes'])
    for (const slot of (factory[key] ?? []) as readonly unknown[])
      if (!isSlot(slot))
        throw new Error(
          `its filter "${name}" has a wrong "${key}": expected slots of defineSlot(), found ${kindOf(slot)}`,
        )
  for (const advice of (factory.advises ?? []) as readonly unknown[]) {
    const fault = adviceFault(advice)
    if (fault !== undefined) throw new Error(`its filter "${name}" has a wrong "advises": ${fault}`)
  }
  return candidate as FilterFactory
}

type Kind = (typeof FACTORY_KEYS)[keyof typeof FACTORY_KEYS]

const EXPECTED: Readonly<Record<Kind, string>> = {
  string: 'a string',
  number: 'a number',
  boolean: 'true or false',
  list: 'a list',
  function: 'a function',
  schema: 'a schema (of zod, or of another library that implements Standard Schema)',
}

function isOfKind(value: unknown, kind: Kind): boolean {
  if (kind === 'schema') return isSchema(value)
  return kind === 'list' ? Array.isArray(value) : typeof value === kind
}

function isSlot(value: unknown): boolean {
  const { name, index } = (value ?? {}) as Readonly<Record<string, unknown>>
  return typeof name === 'string' && typeof index === 'number'
}

const ADVICE = ['before', 'after', 'why'] as const

/** What an advised filter is found by, and what that must be. */
const FOUND_BY: Readonly<Record<string, { readonly expected: string; isGood(value: unknown): boolean }>> = {
  filter: { expected: 'the name of a filter', isGood: isText },
  enforces: { expected: 'the name of a requirement', isGood: isText },
  writes: { expected: 'a slot of defineSlot()', isGood: isSlot },
}

/** What is wrong with one entry of `advises`. */
function adviceFault(advice: unknown): string | undefined {
  const entry = given(advice)
  if (entry === undefined) return `expected { before: { enforces: … }, why: … }, found ${kindOf(advice)}`
  for (const key of Object.keys(entry))
    if (!ADVICE.some((known) => known === key))
      return `an entry has an unknown key "${key}".${didYouMean(key, ADVICE)} It has: ${ADVICE.join(', ')}.`
  if (!isText(entry.why)) return `"why" must be a text, found ${kindOf(entry.why)}`
  const places = Object.keys(entry).filter((key) => key !== 'why')
  const [place] = places
  if (place === undefined || places.length > 1) return 'an entry needs "before" or "after", and not both'
  const which = given(entry[place])
  const known = Object.keys(FOUND_BY)
  const [by, more] = Object.keys(which ?? {})
  if (which === undefined || by === undefined || more !== undefined || !Object.hasOwn(FOUND_BY, by))
    return `"${place}" needs exactly one of ${known.join(', ')}${which === undefined ? `, found ${kindOf(entry[place])}` : ''}`
  const { expected, isGood } = FOUND_BY[by]!
  return isGood(which[by]) ? undefined : `"${by}" of "${place}" must be ${expected}, found ${kindOf(which[by])}`
}

/** The keys of an object that have a value; undefined for anything else. */
function given(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined))
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

/** A text or a number as it is; the kind of anything else. */
function shown(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? JSON.stringify(value) : kindOf(value)
}

/** The kind of a value, as messages name it. */
function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (value === '') return 'an empty text'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** Standard Schema, version 1. Schemas of some libraries are objects, those of others functions. */
function isSchema(value: unknown): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  const standard = (value as Readonly<Record<string, unknown>>)['~standard'] as { validate?: unknown } | undefined
  return typeof standard?.validate === 'function'
}

/**
 * Checks what `create` returned, and returns it.
 * @throws Error in words for the plugin's author
 */
export function checkFilter(made: unknown, { terminal }: FilterFactory): Filter {
  if (typeof made !== 'object' || made === null || Array.isArray(made)) throw new Error('create() returned no filter')
  const filter = made as Readonly<Record<string, unknown>>
  const known = Object.keys(HOOKS)
  for (const hook of known)
    if (filter[hook] !== undefined && typeof filter[hook] !== 'function')
      throw new Error(`its hook "${hook}" must be a function, found ${kindOf(filter[hook])}`)
  const all = `The hooks are: ${known.join(', ')}.`
  for (const name of unknownHooks(filter))
    throw new Error(`there is no hook "${name}".${didYouMean(name, known)} ${all}`)
  if (!isPlain(filter) && known.every((hook) => filter[hook] === undefined))
    throw new Error(`create() returned an object of a class that has no hook. ${all}`)
  if (terminal === true && filter.call === undefined) throw new Error('a terminal filter needs the hook "call"')
  for (const hook of TERMINAL_ONLY)
    if (terminal !== true && filter[hook] !== undefined)
      throw new Error(`only a terminal filter has the hook "${hook}": say terminal: true in its factory`)
  return made as Filter
}

/**
 * Names in a filter that are no hooks. A plain object may have nothing else. An object of a class may have methods of its own:
 * of those, only names that look like a misspelled hook count.
 */
function unknownHooks(filter: object): string[] {
  const isHook = (name: string): boolean => Object.hasOwn(HOOKS, name)
  if (isPlain(filter)) return Object.keys(filter).filter((name) => !isHook(name))
  return methodsOf(filter).filter((name) => !isHook(name) && didYouMean(name, Object.keys(HOOKS)) !== '')
}

/** Whether it is an object of no class. */
function isPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object)
  return prototype === null || prototype === Object.prototype
}

/** A proxy may have no end of prototypes. */
const MOST_CLASSES = 100

/** Names of the functions in an object and in its classes. */
function methodsOf(object: object): string[] {
  const names: string[] = []
  let at: object | null = object
  for (let i = 0; i < MOST_CLASSES && at !== null && at !== Object.prototype; i++, at = Object.getPrototypeOf(at))
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at)))
      if (typeof value === 'function' && name !== 'constructor') names.push(name)
  return names
}
