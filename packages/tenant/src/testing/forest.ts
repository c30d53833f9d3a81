/** The forest of the people whom tests make. */
export const FOREST = 'corp.example.com';
