import type { ColumnType, Generated, GeneratedAlways } from 'kysely'
import type { Day, Moment } from './calendar.ts'
import type { Rupiah } from './money.ts'

/**
 * The tables as TypeScript sees them; `migrations/` says what each row means. A test compares this list with
 * the database, so that the two cannot drift.
 */
export type Tables = {
  business: BusinessTable
  directory: { kind: 'slug'; key: string; business_id: number }
  staff: StaffTable
  customer: CustomerTable
  customer_phone: CustomerPhoneTable
  plan: PlanTable
  subscription: SubscriptionTable
  invoice: InvoiceTable
  invoice_line: InvoiceLineTable
  invoice_counter: { business_id: number; month: Day; last: number }
  payment: PaymentTable
  allocation: AllocationTable
  payment_reversal: PaymentReversalTable
  payment_order: PaymentOrderTable
  payment_order_invoice: PaymentOrderInvoiceTable
  notification: NotificationTable
  file: FileTable
  broadcast: BroadcastTable
  message: MessageTable
  message_invoice: MessageInvoiceTable
  conversation: ConversationTable
  question: QuestionTable
  errand: ErrandTable
  undo: UndoTable
  matter: MatterTable
  import: ImportTable
  import_row: ImportRowTable
  due_change: DueChangeTable
  activation: ActivationTable
  daily_run: { business_id: number; act: string; day: Day; at: Moment }
  audit: AuditTable
  restoration: RestorationTable
  whatsapp_number: WhatsAppNumberTable
  whatsapp_key: { business_id: number; type: string; id: string; value: Buffer | null }
  whatsapp_contact: WhatsAppContactTable
  access_link: AccessLinkTable
  session: SessionTable
  sign_in_try: { business_id: number; key: string; since: Moment; count: number }
  form_use: { business_id: number; token: string; digest: string; at: Moment }
}

/** A jsonb column: read as a value, written as text (node-postgres would make an array of an array). */
type Json<T> = ColumnType<T, string, string>

type BusinessTable = {
  id: GeneratedAlways<number>
  slug: string
  name: string
  zone: Generated<string>
  package: Generated<'dasar' | 'bisnis'>
  service: Generated<string>
  bank_account: string | null
  quiet_from: Generated<string>
  quiet_until: Generated<string>
  pace_seconds: Generated<number>
  hourly_cap: number | null
  daily_cap: number | null
  fonnte_token: Buffer | null
  fonnte_secret: string
  fonnte_device: string | null
  due_day: number | null
  midtrans_key: Buffer | null
  midtrans_production: Generated<boolean>
  created_at: Moment
  next_zone: string | null
  next_zone_at: Moment | null
}

type ActivationTable = {
  business_id: number
  code_hash: string
  expires_at: Moment
  tries: Generated<number>
  used_at: Moment | null
  staff_id: number | null
  code: Buffer | null
}

export type Role = 'owner' | 'admin' | 'collector' | 'technician' | 'viewer'

type StaffTable = {
  business_id: number
  id: GeneratedAlways<number>
  name: string
  call_name: string | null
  phone: string
  role: Role
  added_at: Moment
  removed_at: Moment | null
  password: string | null
  proven_until: Moment | null
}

type CustomerTable = {
  business_id: number
  id: GeneratedAlways<number>
  number: string
  name: string
  name_key: string
  address: string | null
  area: string | null
  area_key: Generated<string>
  email: string | null
  note: string | null
  debt_note: string | null
  debt_amount: Rupiah | null
  debt_decided_at: Moment | null
  opted_out_at: Moment | null
  wrote_at: Moment | null
  import_id: number | null
  added_at: Moment
  withdrawn_at: Moment | null
}

type CustomerPhoneTable = {
  business_id: number
  customer_id: number
  phone: string
  kind: 'mobile' | 'landline'
  position: Generated<number>
}

export type Billing = 'prepaid' | 'postpaid'

type PlanTable = {
  business_id: number
  id: GeneratedAlways<number>
  name: string
  name_key: string
  price: Rupiah
  months: Generated<number>
  lead_days: Generated<number>
  billing: Generated<Billing>
  import_id: number | null
  added_at: Moment
  archived_at: Moment | null
}

export type SubscriptionStatus = 'active' | 'paused' | 'stopped'

type SubscriptionTable = {
  business_id: number
  id: GeneratedAlways<number>
  customer_id: number
  plan_id: number
  own_price: Rupiah | null
  anchor_day: number
  next_due_on: Day
  next_period: Day
  status: SubscriptionStatus
  started_on: Day
  parked_at: Moment | null
}

type DueChangeTable = {
  business_id: number
  id: GeneratedAlways<number>
  subscription_id: number
  cause: string
  kind: 'move' | 'align' | 'skip' | 'undo'
  next_period: Day
  anchor_from: number
  anchor_to: number
  next_from: Day
  next_to: Day
  invoice_id: number | null
  invoice_from: Day | null
  invoice_to: Day | null
  staff_id: number | null
  at: Moment
}

type InvoiceTable = {
  business_id: number
  id: GeneratedAlways<number>
  customer_id: number
  subscription_id: number | null
  kind: 'recurring' | 'one_off'
  source: string | null
  number: string
  period: Day | null
  months: Generated<number>
  plan_name: string
  due_on: Day
  issue_on: Day
  issued_on: Day
  issued_at: Moment
  total: Rupiah
  paid: ColumnType<Rupiah, never, never>
  voided_at: Moment | null
  void_reason: string | null
  status: GeneratedAlways<'open' | 'paid' | 'void'>
  one_off_customer_id: GeneratedAlways<number | null>
}

type InvoiceLineTable = {
  business_id: number
  invoice_id: number
  position: number
  text: string
  amount: Rupiah
  added_at: Moment
  added_by: number | null
}

export type Method = 'cash' | 'transfer' | 'qris' | 'va' | 'ewallet' | 'midtrans'

type PaymentTable = {
  business_id: number
  id: GeneratedAlways<number>
  customer_id: number
  amount: Rupiah
  method: Method
  paid_on: Day
  channel: 'chat' | 'midtrans'
  source: string
  recorded_by: number | null
  recorded_at: Moment
  held: Generated<boolean>
  allocated: ColumnType<Rupiah, never, never>
  returned: ColumnType<Rupiah, never, never>
}

type AllocationTable = {
  business_id: number
  id: GeneratedAlways<number>
  customer_id: number
  payment_id: number
  invoice_id: number
  amount: Rupiah
  reason: 'payment' | 'credit' | 'undo'
  at: Moment
}

type PaymentReversalTable = {
  business_id: number
  id: GeneratedAlways<number>
  payment_id: number
  kind: 'undo'
  amount: Rupiah
  recorded_by: number | null
  recorded_at: Moment
}

export type OrderState = 'made' | 'open' | 'paid' | 'differs' | 'expired' | 'closed' | 'reversed'

type PaymentOrderTable = {
  business_id: number
  id: GeneratedAlways<number>
  order_id: string
  phone: string
  amount: Rupiah
  state: OrderState
  url: string | null
  made_at: Moment
  expires_at: Moment
  asked_at: Moment | null
  ask_at: Moment | null
  transaction_id: string | null
}

type PaymentOrderInvoiceTable = {
  business_id: number
  order_id: number
  position: number
  customer_id: number
  invoice_id: number
  amount: Rupiah
}

type NotificationTable = {
  business_id: number
  id: GeneratedAlways<number>
  provider: 'midtrans'
  digest: string
  body: Json<Record<string, unknown>>
  state: 'received' | 'handled'
  result: string | null
  received_at: Moment
  handled_at: Moment | null
  retry_at: Moment | null
}

type FileTable = {
  business_id: number
  id: GeneratedAlways<number>
  name: string
  mime: string
  bytes: Buffer
  at: Moment
}

type BroadcastTable = {
  business_id: number
  id: GeneratedAlways<number>
  kind: 'bills' | 'reminders'
  state: 'running' | 'stopped' | 'done'
  stop_reason: string | null
  started_by: number
  started_at: Moment
  finished_at: Moment | null
}

export type ChannelName = 'bot' | 'fonnte'
export type IncomingStatus = 'received' | 'handled' | 'failed'
export type OutgoingStatus = 'waiting' | 'sending' | 'sent' | 'failed' | 'uncertain' | 'cancelled'

type MessageTable = {
  business_id: number
  id: GeneratedAlways<number>
  direction: 'in' | 'out'
  channel: ChannelName
  outside_id: string | null
  phone: string
  kind: string
  text: Generated<string>
  file_id: number | null
  quoted_id: number | null
  cause_id: number | null
  broadcast_id: number | null
  customer_id: number | null
  payment_id: Generated<number | null>
  status: IncomingStatus | OutgoingStatus
  reason: string | null
  understood: Json<{ command: string; args: Record<string, unknown> } | null> | null
  at: Moment
  not_before: Moment
  claimed_at: Moment | null
  settled_at: Moment | null
  attempts: Generated<number>
  proven: Generated<boolean>
  account: string | null
}

type MessageInvoiceTable = {
  business_id: number
  invoice_id: number
  purpose: 'bill'
  round: number
  message_id: number
}

type ConversationTable = {
  business_id: number
  phone: string
  hinted_at: Moment | null
  typed_at: Generated<Moment | null>
}

type QuestionTable = {
  business_id: number
  id: GeneratedAlways<number>
  phone: string
  command: string
  args: Json<Record<string, unknown>>
  awaits: string
  choices: Json<Record<string, unknown>[]> | null
  on_yes: Json<Record<string, unknown>> | null
  on_no: Json<Record<string, unknown>> | null
  firm: Generated<boolean>
  code_hash: string | null
  tries: Generated<number>
  proven: Generated<boolean>
  asked_at: Moment
  expires_at: Moment
  closed_at: Moment | null
}

type ErrandTable = {
  business_id: number
  id: string
  cause_id: number
  phone: string
  kind: string
  args: Json<Record<string, unknown>>
  state: 'open' | 'done' | 'failed'
  attempts: Generated<number>
  at: Moment
  done_at: Moment | null
}

type UndoTable = {
  business_id: number
  id: GeneratedAlways<number>
  staff_id: number
  command: string
  args: Json<Record<string, unknown>>
  summary: string
  at: Moment
  undone_at: Moment | null
  undone_by: number | null
}

type MatterTable = {
  business_id: number
  number: number
  kind: string
  args: Json<Record<string, unknown>>
  summary: string
  opened_at: Moment
  closed_at: Moment | null
  closed_by: number | null
  decision: 'yes' | 'no' | null
}

type ImportTable = {
  business_id: number
  id: GeneratedAlways<number>
  file_id: number
  staff_id: number
  state: 'read' | 'applied' | 'withdrawn'
  reading: Json<Record<string, unknown>>
  at: Moment
}

type ImportRowTable = {
  business_id: number
  import_id: number
  position: number
  sheet: string
  row_number: number
  outcome: 'ready' | 'rejected'
  facts: Json<Record<string, unknown>>
}

type AuditTable = {
  business_id: number
  id: GeneratedAlways<number>
  at: Moment
  actor: string
  act: string
  subject: string | null
  facts: Json<Record<string, unknown>>
}

type RestorationTable = {
  business_id: number
  id: GeneratedAlways<number>
  data_until: Moment | null
  noticed_at: Moment | null
  matter: number | null
  released_at: Moment | null
  released_by: number | null
}

type WhatsAppNumberTable = {
  business_id: number
  phone: string
  creds: Buffer | null
  linked_at: Moment
  ended_at: Moment | null
  end_reason: 'removed' | 'unlinked' | null
}

type WhatsAppContactTable = {
  business_id: number
  phone: string
  lid: string
  learned_at: Moment
  other_lid: string | null
  other_at: Moment | null
}

type AccessLinkTable = {
  business_id: number
  digest: string
  staff_id: number | null
  made_at: Moment
  expires_at: Moment
  used_at: Moment | null
}

type SessionTable = {
  business_id: number
  digest: string
  staff_id: number | null
  made_at: Moment
  seen_at: Moment
  expires_at: Moment
  ended_at: Moment | null
}
