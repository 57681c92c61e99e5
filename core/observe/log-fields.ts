import { isError, propertyOf, safely, shorten } from '../base/error-text.ts'

/** Bounds of one line. The destination loses lines of megabytes. */
const MOST_VALUES = 10_000
const MOST_CHARACTERS = 256 * 1024
const LONGEST_TEXT = 16 * 1024
const DEEPEST = 10
const MOST_CAUSES = 8
const UNREADABLE = '[unreadable]'

/**
 * A copy of a line's fields that JSON can always write: values are as `JSON.stringify` writes them, errors as objects with
 * type, message, stack and their own properties. Causes are part of message and stack. It never throws, whatever it is given,
 * changes nothing of it, and is bounded: what can't be read or written is named instead.
 */
export function logFields(fields: unknown): Record<string, unknown> {
  if (typeof fields !== 'object' || fields === null) return {}
  return new FieldsCopy().fields(isError(fields) ? { err: fields } : fields)
}

/** The same for a line's message, which plugins in JavaScript may forget, or give as anything. */
export function logMessage(message: unknown): unknown {
  return new FieldsCopy().value(message)
}

class FieldsCopy {
  #values = MOST_VALUES
  #characters = MOST_CHARACTERS
  /** Objects that are being copied, outermost first. */
  readonly #open: object[] = []

  /** Short values first, so that a large object can't use up their space. */
  fields(source: object): Record<string, unknown> {
    const keys = safely(() => Object.keys(source))
    if (keys === undefined) return { fields: UNREADABLE }
    const copy = blank()
    const objects: [key: string, value: unknown][] = []
    for (const [i, key] of keys.entries()) {
      if (this.#isFull(copy, keys.length - i)) break
      const value = read(source, key)
      const name = this.#text(key)
      copy[name] = undefined
      if (typeof value !== 'object' && typeof value !== 'function') copy[name] = this.value(value)
      else objects.push([name, value])
    }
    for (const [key, value] of objects)
      copy[key] = key === 'err' || key === 'error' ? this.#thrown(value) : this.value(value)
    return copy
  }

  value(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
        return this.#text(value)
      case 'symbol':
        return this.#text(String(value))
      case 'bigint':
        return this.#bigint(value)
      case 'function':
        return undefined
      case 'object':
        return value === null ? null : this.#nested(value, () => this.#object(value))
      default:
        return value
    }
  }

  #text(text: string): string {
    const short = shorten(text, Math.min(LONGEST_TEXT, this.#characters))
    this.#characters = Math.max(this.#characters - short.length, 0)
    return short
  }

  #bigint(value: bigint): number | string {
    const number = Number(value)
    if (Number.isSafeInteger(number)) return number
    return Number.isFinite(number) ? value.toString() : '[a large number]'
  }

  /** Anything can be thrown: what has a message counts as an error. */
  #thrown(value: unknown): unknown {
    if (typeof value === 'function') return this.#text(`[function ${safely(() => String(value.name)) ?? ''}]`)
    if (!isErrorLike(value)) return this.value(value)
    return this.#nested(value, () => this.#error(value))
  }

  #nested(value: object, copy: () => unknown): unknown {
    if (this.#open.includes(value)) return '[Circular]'
    if (this.#open.length === DEEPEST) return safely(() => Array.isArray(value)) === true ? '[Array]' : '[Object]'
    this.#open.push(value)
    try {
      return copy()
    } catch {
      return UNREADABLE
    } finally {
      this.#open.pop()
    }
  }

  #object(value: object): unknown {
    if (isError(value)) return this.#error(value)
    if (ArrayBuffer.isView(value) && value.byteLength > 1024) return `[${value.byteLength} bytes]`
    const toJSON = propertyOf(value, 'toJSON')
    if (typeof toJSON !== 'function') return this.#properties(value)
    let json: unknown = value
    try {
      json = Reflect.apply(toJSON, value, [])
    } catch {}
    return typeof json === 'object' && json !== null ? this.#properties(json) : this.value(json)
  }

  #properties(source: object): unknown {
    if (Array.isArray(source)) return this.#list(source)
    const copy = blank()
    this.#add(copy, source, Object.keys(source))
    return copy
  }

  #add(copy: Record<string, unknown>, source: object, keys: readonly string[]): void {
    for (const [i, key] of keys.entries()) {
      if (this.#isFull(copy, keys.length - i)) return
      copy[this.#text(key)] = this.value(read(source, key))
    }
  }

  /** Counts one value more. If there is no room for it, the copy says how many are left out. */
  #isFull(copy: Record<string, unknown>, left: number): boolean {
    if (--this.#values >= 0) return false
    copy['…'] = `[${left} more]`
    return true
  }

  #list(source: readonly unknown[]): unknown[] {
    const copy: unknown[] = []
    for (let i = 0; i < source.length; i++) {
      if (--this.#values < 0) return [...copy, `[${source.length - i} more]`]
      // A list keeps the places of what JSON leaves out.
      copy.push(this.value(read(source, String(i))) ?? null)
    }
    return copy
  }

  /** As pino's serializer writes errors, which itself throws for some and writes into others. */
  #error(error: object): unknown {
    const { chain, more } = causesOf(error)
    const copy = blank()
    copy.type = this.#text(typeOf(error))
    copy.message = this.#text(chain.filter(saysItself).map(messageOf).join(': ') + (more ? ': …' : ''))
    copy.stack = this.#text(chain.map(stackOf).join('\ncaused by: ') + (more ? '\ncaused by: …' : ''))
    const errors = propertyOf(error, 'errors')
    if (safely(() => Array.isArray(errors)) === true)
      copy.aggregateErrors = this.#nested(errors as object, () => this.#list(errors as unknown[]))
    // A cause that is no error, and a code, may not be enumerable.
    const keys = new Set([...enumerable(error), 'code', 'cause']).difference(new Set(Object.keys(copy)))
    if (chain.length > 1 || more) keys.delete('cause')
    this.#add(copy, error, [...keys])
    return copy
  }
}

/** No inherited property gets in the way of a field's name. */
const blank = (): Record<string, unknown> => Object.create(null) as Record<string, unknown>

/** A property; if its getter throws, that is said in its place. */
function read(source: object, key: string): unknown {
  try {
    return (source as Readonly<Record<string, unknown>>)[key]
  } catch {
    return UNREADABLE
  }
}

const isErrorLike = (value: unknown): value is object =>
  isError(value) || (typeof value === 'object' && typeof propertyOf(value, 'message') === 'string')

/** An error and its causes, and whether there are more of them. */
function causesOf(error: object): { chain: object[]; more: boolean } {
  const chain = [error]
  for (;;) {
    const cause = causeOf(chain.at(-1)!)
    if (!isErrorLike(cause)) return { chain, more: false }
    if (chain.includes(cause) || chain.length === MOST_CAUSES) return { chain, more: true }
    chain.push(cause)
  }
}

/** The cause of an error. Libraries in the way of VError have it as a method, and its message in their own. */
function causeOf(error: object): unknown {
  const cause = propertyOf(error, 'cause')
  return typeof cause === 'function' ? safely(() => Reflect.apply(cause, error, []) as unknown) : cause
}

/** Whether the message of the error before does not have this one's message already. */
const saysItself = (_error: object, i: number, chain: readonly object[]): boolean =>
  i === 0 || typeof propertyOf(chain[i - 1], 'cause') !== 'function'

function typeOf(error: object): string {
  const made = propertyOf(error, 'constructor')
  const name = typeof made === 'function' ? read(made, 'name') : propertyOf(error, 'name')
  return typeof name === 'string' ? name : 'Error'
}

function messageOf(error: object): string {
  const message = read(error, 'message')
  return typeof message === 'string' ? shorten(message, LONGEST_TEXT) : UNREADABLE
}

function stackOf(error: object): string {
  const stack = propertyOf(error, 'stack')
  return typeof stack === 'string' ? shorten(stack, LONGEST_TEXT) : ''
}

/** Names of its own and inherited enumerable properties. */
function enumerable(object: object): string[] {
  const keys: string[] = []
  safely(() => {
    for (const key in object) keys.push(key)
  })
  return keys
}
