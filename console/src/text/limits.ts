// The server's limits, as far as a person should hear of them before a request is made. Their home is the server's
// core/limits.hpp; tests/console holds the two together.
export const limits = {
  keyBytesMax: 512,
  valueBytesMax: 25 * 1024 * 1024,
  metadataBytesMax: 1024,
  expirationTtlMin: 60,
  expirationMax: 253_402_300_799,
  bulkItemsMax: 10_000,
  bulkGetKeysMax: 100,
  bulkRequestBytesMax: 104_857_600,
  titleCharactersMax: 512,
} as const;
