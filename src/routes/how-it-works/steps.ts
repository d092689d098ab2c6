/** From the link to leaving: each step in plain words, and the same again for those who want to check it. */
export const STEPS = [
  {
    title: 'You make a meeting',
    words:
      'Your browser rolls two things: a key that only you have and that makes you the host, and a secret that goes into the link. Our server takes no part in it.',
    detail:
      'The host’s key is an ECDSA key pair on P-256. The meeting’s id is the first 16 bytes of a SHA-256 hash over its public half, so nobody can take the id without the key. The secret is 32 random bytes. Version, id, secret and a 2-byte check value make 51 bytes, or 68 letters of base64url.',
  },
  {
    title: 'You send the link',
    words:
      'By message, by mail or as a QR code. The secret stands after the #, and browsers never send that part to any server. Whoever can read your message can read the link, so send it in a way you trust.',
    detail:
      'The part after # is the fragment (RFC 3986 §3.5). The page reads it, keeps it in memory or in the sealed store of this device, and takes it out of the address bar at once. If a mail service rewrote the link so that the # was lost on the way, its server has seen the secret, and you are warned.',
  },
  {
    title: 'Your guest opens it',
    words:
      'They see the meeting’s name and whether the host is there. Nothing else happens until they press Join: programs that open links to draw a preview cannot walk in.',
    detail:
      'Before Join the page asks the server one thing: whether this id exists and its host is present. The answer has the same form for every id, known or not. The name is made from the id, and a name you give stays on your device.',
  },
  {
    title: 'The server checks the host',
    words:
      'Only the person who made the meeting can open it. Their browser proves it with the key from the first step, without ever showing that key.',
    detail:
      'The server sends 32 fresh random bytes. The host’s browser signs them together with the site’s address and the meeting’s id. The signature is good for this one connection only. The newest proof wins, so a second window of yours takes over from the first.',
  },
  {
    title: 'The two browsers greet each other',
    words:
      'They agree on fresh keys for this one conversation. The greeting goes through our server in sealed envelopes. A link that leaks later opens nothing that was said before.',
    detail:
      'A Noise handshake (NNpsk0 with hybrid forward secrecy): P-256 together with ML-KEM-768, AES-256-GCM and SHA-256. The link’s secret is the pre-shared key, and the host signs the transcript, so a guest knows that this host made this link. ML-KEM is there against recordings that a quantum computer might open one day.',
  },
  {
    title: 'The host lets them in',
    words:
      'The host sees a name and says yes or no. Until then neither side learns the other’s network address. A host who expects someone can turn the question off.',
    detail:
      'With the question on, session descriptions and candidates, which contain addresses, are exchanged only after admission. With it off they travel inside the sealed greeting, which saves a round trip.',
  },
  {
    title: 'They find the shortest way',
    words:
      'Straight from browser to browser where the networks allow it. Otherwise a TURN server passes the sealed packets on. The meeting always says which: Direct or Relayed.',
    detail:
      'WebRTC with ICE finds the path. The keys of a conversation are bound to the fingerprints of both ends of the encrypted channel: if that channel ended anywhere else, nothing would decrypt. A TURN server sees both addresses, the times and the volume.',
  },
  {
    title: 'You talk',
    words:
      'Every message and every file is sealed before it leaves your browser and opened in the other one. Four safety words on both screens tell you that nobody sits in between.',
    detail:
      'Messages are numbered records under AES-256-GCM, padded so that their length says little; a repeated, missing or changed one closes the connection. Files go in sealed pieces under a key of their own, and a file whose checksum does not fit is deleted. The safety words are 32 bits of the finished handshake, fixed in advance by a commitment, so that an attacker has one guess.',
  },
  {
    title: 'You leave',
    words:
      'The keys of the conversation are gone when you close it. The meeting stays in your list, ready for the next time, until you forget it. The host can retire it: then its link is dead for good.',
    detail:
      'Each connection has new keys, and none is kept. Saved meetings are sealed with a key that this browser holds and does not hand out. Retiring is an order signed with the host’s key: the server keeps a marker, sends everybody away and refuses all later claims, and the host’s browser deletes its key.',
  },
] as const;
