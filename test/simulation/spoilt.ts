import type { Store } from '../../lib/store/store';

/** A store of which some calls do something else. */
export function spoilt(store: Store, calls: Partial<Store>): Store {
  return new Proxy(store, {
    get: (object, name, receiver) => {
      const method: unknown = Reflect.get(name in calls ? calls : object, name, receiver);
      return typeof method === 'function' ? method.bind(name in calls ? calls : object) : method;
    },
  });
}
