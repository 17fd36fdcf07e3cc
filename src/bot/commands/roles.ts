/** Who may do what, from those who run the business to those who only look (contract.md, `role`). */
export const OFFICE = ['owner', 'admin'] as const
export const COLLECTING = [...OFFICE, 'collector'] as const
export const WIRING = [...OFFICE, 'technician'] as const
export const VISITING = [...OFFICE, 'collector', 'technician'] as const
export const LOOKING = [...OFFICE, 'viewer'] as const
export const REPORTING = [...OFFICE, 'collector', 'viewer'] as const
export const STAFF = [...OFFICE, 'collector', 'technician', 'viewer'] as const
