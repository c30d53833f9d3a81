/** `userAccountControl` ([MS-ADTS] 2.2.16). */
export const UserAccountControl = {
  accountDisable: 0x2,
  normalAccount: 0x200,
  smartCardRequired: 0x40000,
} as const;

export function isSmartCardOnly(userAccountControl: number): boolean {
  return (userAccountControl & UserAccountControl.smartCardRequired) !== 0;
}
