/** [MS-ADA3] 2.222 and [MS-SAMR]: a user's sAMAccountName has at most 20 characters. */
export const MAX_USER_NAME = 20;

/** [MS-SAMR] 3.1.1.6: characters that no account name may contain, and control characters. */
const FORBIDDEN = /["/\\[\]:;|=,+*?<>\p{Cc}]/u;
/** Characters that are invisible, or that change the direction of their neighbours. Hebrew and Arabic letters are not among them. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Co}]|(?! )\p{Zs}/u;

/** Whether a name contains something invisible. */
export const hasUnseen = (name: string): boolean => UNSEEN.test(name);

/** Whether a text can be an account name (for a user, if it is not too long): directories accept it and people can read it. */
export const isAccountName = (name: string): boolean =>
  name !== '' && name.trim() === name && !name.endsWith('.') && !FORBIDDEN.test(name) && !hasUnseen(name);
