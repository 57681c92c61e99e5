import type { BodySink, BodySource } from '../../../core/api/body.ts'
import { enterHook, type HookName, type HookWatch, leaveHook } from '../../../core/api/current-hook.ts'
import type { HookError } from '../../../core/api/hook-error.ts'

/** A source that the test pushes. */
export class Manual implements BodySource {
  sink: BodySink | undefined
  paused = false
  readonly cancelled: (Error | undefined)[] = []
  start(sink: BodySink): void {
    this.sink = sink
  }
  pause(): void {
    this.paused = true
  }
  resume(): void {
    this.paused = false
  }
  cancel(error?: Error): void {
    this.cancelled.push(error)
  }
}

export class Collect implements BodySink {
  text = ''
  ended = false
  more = true
  error: Error | undefined
  write(chunk: Buffer): boolean {
    this.text += chunk
    return this.more
  }
  end(): void {
    this.ended = true
  }
  fail(error: Error): void {
    this.error = error
  }
}

/** Keeps the errors that hooks report. */
export class Errors implements HookWatch {
  readonly reported: HookError[] = []
  report(error: HookError): void {
    this.reported.push(error)
  }
  running(): void {}
  returned(): void {}
}

/** Runs something as the engine runs a hook. */
export function inHook<T>(
  name: string,
  hook: string,
  run: () => T,
  watch: HookWatch = new Errors(),
  limitMs?: number,
): T {
  const running: HookName & { limitMs: number | undefined } = { name, hook, limitMs }
  enterHook(running, watch)
  try {
    return run()
  } finally {
    leaveHook(running, undefined)
  }
}
