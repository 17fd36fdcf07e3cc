import type { Panel } from '../page.ts'
import { accountPages } from './account.ts'
import { bankPage } from './bank.ts'
import { businessPage } from './business.ts'
import { fonntePages } from './fonnte.ts'
import { homePage } from './home.ts'
import { midtransPages } from './midtrans.ts'
import { ownerPage } from './owner.ts'
import { planPages } from './plans.ts'
import { proofPage } from './proof.ts'
import { sendingPage } from './sending.ts'
import { signInPages } from './sign-in.ts'
import { whatsappPages } from './whatsapp.ts'

/** Every page of the panel. */
export const ALL_PAGES: readonly ((panel: Panel) => void)[] = [
  signInPages,
  homePage,
  businessPage,
  ownerPage,
  proofPage,
  planPages,
  bankPage,
  whatsappPages,
  fonntePages,
  midtransPages,
  sendingPage,
  accountPages,
]
