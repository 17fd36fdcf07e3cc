import {
  type AuthenticationCreds,
  type AuthenticationState,
  BufferJSON,
  proto,
  type SignalDataSet,
  type SignalKeyStore,
} from '@whiskeysockets/baileys'
import type { OpenBooks } from '../../domain/books.ts'
import type { Sealer } from '../../domain/secret.ts'
import { findKeys, type KeyRow, saveCreds, saveKeys } from '../../domain/whatsapp.ts'

/** The library's state of a linked number, in the database: each change is one transaction, sealed (faults C12). */
export type LinkedState = AuthenticationState & {
  /** Writes the credentials down, after everything that was asked for before. */
  save(): Promise<void>
}

export function linkedState(
  deps: { openBooks: OpenBooks; sealer: Sealer },
  businessId: number,
  creds: AuthenticationCreds,
): LinkedState {
  const { openBooks, sealer } = deps
  let saving: Promise<void> = Promise.resolve()
  const keys: SignalKeyStore = {
    async get(type, ids) {
      const rows = await openBooks(businessId, (books) => findKeys(books, sealer, type, ids))
      return Object.fromEntries(rows.map(({ id, value }) => [id, revive(type, value)]))
    },
    async set(data) {
      const rows = rowsOf(data)
      if (rows.length > 0) await openBooks(businessId, (books) => saveKeys(books, sealer, rows))
    },
  }
  return {
    creds,
    keys,
    save() {
      const save = () => openBooks(businessId, (books) => saveCreds(books, sealer, writeCreds(creds)))
      saving = saving.then(save, save)
      return saving
    },
  }
}

export function writeCreds(creds: AuthenticationCreds): string {
  return JSON.stringify(creds, BufferJSON.replacer)
}

export function readCreds(text: string): AuthenticationCreds {
  return JSON.parse(text, BufferJSON.reviver)
}

/** Before a number is linked nothing of it is worth keeping. */
export function keptInMemory(): SignalKeyStore {
  const rows = new Map<string, string>()
  return {
    get: (type, ids) =>
      Object.fromEntries(
        ids.flatMap((id) => {
          const value = rows.get(`${type} ${id}`)
          return value === undefined ? [] : [[id, revive(type, value)]]
        }),
      ),
    set(data) {
      for (const { type, id, value } of rowsOf(data)) {
        if (value === null) rows.delete(`${type} ${id}`)
        else rows.set(`${type} ${id}`, value)
      }
    },
  }
}

function rowsOf(data: SignalDataSet): KeyRow[] {
  return Object.entries(data).flatMap(([type, values]) =>
    Object.entries(values).map(([id, value]) => ({
      type,
      id,
      value: value === null || value === undefined ? null : JSON.stringify(value, BufferJSON.replacer),
    })),
  )
}

function revive(type: string, text: string) {
  const value = JSON.parse(text, BufferJSON.reviver)
  return type === 'app-state-sync-key' ? proto.Message.AppStateSyncKeyData.fromObject(value) : value
}
