import { m } from '$lib/words/messages';

/** One word for each thing, the same on every page; `id` is its anchor. */
type Entry = { id: string; word: string; meaning: string };

export const glossary = (): { title: string; entries: Entry[] }[] => [
  {
    title: m.glossary_of_meetings(),
    entries: [
      { id: 'link', word: m.glossary_link(), meaning: m.glossary_link_means() },
      { id: 'secret', word: m.glossary_secret(), meaning: m.glossary_secret_means() },
      { id: 'meeting', word: m.glossary_meeting(), meaning: m.glossary_meeting_means() },
      { id: 'host', word: m.glossary_host(), meaning: m.glossary_host_means() },
      { id: 'guest', word: m.glossary_guest(), meaning: m.glossary_guest_means() },
      { id: 'knock', word: m.glossary_knock(), meaning: m.glossary_knock_means() },
      { id: 'waiting-room', word: m.glossary_waiting_room(), meaning: m.glossary_waiting_room_means() },
      { id: 'new-link', word: m.glossary_new_link(), meaning: m.glossary_new_link_means() },
      { id: 'retire', word: m.glossary_retire(), meaning: m.glossary_retire_means() },
    ],
  },
  {
    title: m.glossary_of_trust(),
    entries: [
      { id: 'sealed', word: m.glossary_sealed(), meaning: m.glossary_sealed_means() },
      { id: 'key', word: m.glossary_key(), meaning: m.glossary_key_means() },
      { id: 'safety-words', word: m.glossary_safety_words(), meaning: m.glossary_safety_words_means() },
      { id: 'verified', word: m.glossary_verified(), meaning: m.glossary_verified_means() },
      { id: 'transport-only', word: m.glossary_transport_only(), meaning: m.glossary_transport_only_means() },
      { id: 'fingerprint', word: m.glossary_fingerprint(), meaning: m.glossary_fingerprint_means() },
      { id: 'signature', word: m.glossary_signature(), meaning: m.glossary_signature_means() },
      { id: 'altered-code', word: m.glossary_altered_code(), meaning: m.glossary_altered_code_means() },
    ],
  },
  {
    title: m.glossary_of_paths(),
    entries: [
      { id: 'server', word: m.glossary_server(), meaning: m.glossary_server_means() },
      { id: 'envelope', word: m.glossary_envelope(), meaning: m.glossary_envelope_means() },
      {
        id: 'network-address',
        word: m.glossary_network_address(),
        meaning: m.glossary_network_address_means(),
      },
      { id: 'direct', word: m.glossary_direct(), meaning: m.glossary_direct_means() },
      { id: 'relayed', word: m.glossary_relayed(), meaning: m.glossary_relayed_means() },
      { id: 'relay', word: m.glossary_relay(), meaning: m.glossary_relay_means() },
      { id: 'stun', word: m.glossary_stun(), meaning: m.glossary_stun_means() },
      { id: 'hide-address', word: m.glossary_hide_address(), meaning: m.glossary_hide_address_means() },
      { id: 'udp', word: m.glossary_udp(), meaning: m.glossary_udp_means() },
      { id: 'tcp', word: m.glossary_tcp(), meaning: m.glossary_tcp_means() },
      { id: 'tls', word: m.glossary_tls(), meaning: m.glossary_tls_means() },
      { id: 'round-trip', word: m.glossary_round_trip(), meaning: m.glossary_round_trip_means() },
      { id: 'websocket', word: m.glossary_websocket(), meaning: m.glossary_websocket_means() },
      { id: 'webrtc', word: m.glossary_webrtc(), meaning: m.glossary_webrtc_means() },
      { id: 'firewall', word: m.glossary_firewall(), meaning: m.glossary_firewall_means() },
      { id: 'reconnecting', word: m.glossary_reconnecting(), meaning: m.glossary_reconnecting_means() },
    ],
  },
  {
    title: m.glossary_of_device(),
    entries: [
      { id: 'saved-meeting', word: m.glossary_saved_meeting(), meaning: m.glossary_saved_meeting_means() },
      { id: 'forget', word: m.glossary_forget(), meaning: m.glossary_forget_means() },
      { id: 'lock', word: m.glossary_lock(), meaning: m.glossary_lock_means() },
      { id: 'passphrase', word: m.glossary_passphrase(), meaning: m.glossary_passphrase_means() },
      { id: 'passkey', word: m.glossary_passkey(), meaning: m.glossary_passkey_means() },
      { id: 'backup', word: m.glossary_backup(), meaning: m.glossary_backup_means() },
      {
        id: 'persistent-storage',
        word: m.glossary_persistent_storage(),
        meaning: m.glossary_persistent_storage_means(),
      },
      {
        id: 'kept-conversation',
        word: m.glossary_kept_conversation(),
        meaning: m.glossary_kept_conversation_means(),
      },
      { id: 'install', word: m.glossary_install(), meaning: m.glossary_install_means() },
      { id: 'update', word: m.glossary_update(), meaning: m.glossary_update_means() },
    ],
  },
  {
    title: m.glossary_of_notices(),
    entries: [
      { id: 'notification', word: m.glossary_notification(), meaning: m.glossary_notification_means() },
      { id: 'push-service', word: m.glossary_push_service(), meaning: m.glossary_push_service_means() },
      { id: 'log-mode', word: m.glossary_log_mode(), meaning: m.glossary_log_mode_means() },
    ],
  },
];
