import { ConfigLoader, type LoadedConfig } from '../../config/live/config-loader.ts'
import type { ListenerSpec } from '../control/gateway-spec.ts'

/** Where the document says no address, a listener gets a free port of 127.0.0.1; where it says no `admin`, there is none. */
export class FreePortLoader extends ConfigLoader {
  override async load(texts?: ReadonlyMap<string, string>): Promise<LoadedConfig> {
    const config = await super.load(texts)
    const says = (...path: string[]): boolean =>
      config.document.files.some(({ head }) => head?.yaml.hasIn(path) === true)
    const listeners = config.spec.listeners
      .filter(({ name }) => name !== 'admin' || says('admin'))
      .map((listener): ListenerSpec => {
        // The one for probes is there only where its address is.
        if (listener.name === 'probes') return listener
        const path = listener.name === 'admin' ? ['admin', 'listen'] : ['listen']
        return says(...path) ? listener : { ...listener, host: '127.0.0.1', port: 0 }
      })
    return { ...config, spec: { ...config.spec, listeners } }
  }
}
