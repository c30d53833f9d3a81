/** [MS-ADA3] 2.222 and [MS-SAMR]: a user's sAMAccountName has at most 20 characters. */
export const MAX_USER_NAME = 20;

/** [MS-SAMR] 3.1.1.6: characters that no account name may hold, and control characters. */
const FORBIDDEN = /["/\\[\]:;|=,+*?<>\p{Cc}]/u;
/** Characters that do not show, or that turn the direction of what stands beside them; Hebrew and Arabic letters are none of them. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Co}]|(?! )\p{Zs}/u;

/** Whether something stands in a name that nobody sees. */
export const hasUnseen = (name: string): boolean => UNSEEN.test(name);

/** Whether a text can be the name of an account, a user's if it is not too long: what no directory takes, or nobody can read, cannot. */
export const isAccountName = (name: string): boolean =>
  name !== '' && name.trim() === name && !name.endsWith('.') && !FORBIDDEN.test(name) && !hasUnseen(name);
