import type { Meter, Sample } from '../../core/api/meter.ts'

/** What the metrics of reloads are made of; asked for whenever they are collected. */
export interface ReloadFigures {
  /** 1: the last load succeeded; else 0. */
  successful(): number
  /** When a configuration was last loaded with success; milliseconds since the Unix epoch. */
  at(): number
  watched(): boolean
  outcomes(): readonly Sample[]
}

/** Registers them. */
export function meterReloads(meter: Meter, { successful, at, watched, outcomes }: ReloadFigures): void {
  const gauge = (name: string, help: string, value: () => number): void =>
    void meter.register({ name, help, type: 'gauge', collect: () => [{ labels: {}, value: value() }] })
  gauge('weir_config_last_reload_successful', 'Whether the last load of a configuration succeeded', successful)
  gauge(
    'weir_config_last_reload_timestamp_seconds',
    'When a configuration was last loaded with success',
    () => at() / 1000,
  )
  gauge(
    'weir_config_watch_up',
    'Whether changes of the configuration are noticed at once; if not, its files are compared every few seconds',
    () => Number(watched()),
  )
  meter.register({
    name: 'weir_config_reloads_total',
    help: 'Loads of a configuration after the first',
    type: 'counter',
    collect: outcomes,
  })
}
