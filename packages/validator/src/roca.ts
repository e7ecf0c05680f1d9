/**
 * Fingerprint of RSA keys made by the library of CVE-2017-15361 (ROCA): its primes are
 * `k·M + (65537^a mod M)`, so the modulus lies in the subgroup that 65537 generates modulo every small
 * prime of M. A sound modulus does so for all of them with a chance of 2^-27.8.
 */
export function isRocaModulus(modulus: bigint): boolean {
  return subgroups.every(({ prime, members }) => members.has(Number(modulus % prime)));
}

const smallPrimes = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107,
  109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

const subgroups = smallPrimes.map((prime) => ({
  prime: BigInt(prime),
  members: powersOf(65537 % prime, prime),
}));

function powersOf(generator: number, prime: number): ReadonlySet<number> {
  const members = new Set<number>();
  for (let power = 1; !members.has(power); power = (power * generator) % prime) members.add(power);
  return members;
}
