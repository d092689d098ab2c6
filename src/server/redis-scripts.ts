import { createHash } from 'node:crypto';
import type { MeetingId } from '../lib/protocol/ids';

/** Runs whole or not at all, and nothing else runs meanwhile. `sha1` is the name Redis knows it by once it has seen it. */
export type Script = { readonly source: string; readonly sha1: string };

/** Its keys and channels all begin so: a Redis may hold other things. */
export const PREFIX = 'parley:';

/** Who is at a meeting: `host` is `node peer`, and each guest's peer id the node that it is at. */
export const meetingKey = (id: string): string => `${PREFIX}at:${id}`;
/** There as long as the process renews it. What a process without one wrote is as if it were not there. */
export const leaseKey = (node: string): string => `${PREFIX}node:${node}`;
/** What concerns the people at one process. */
export const nodeChannel = (node: string): string => `${PREFIX}node:${node}`;
/** What concerns who watches a meeting, wherever they are. */
export const watchChannel = (id: string): string => `${PREFIX}watch:${id}`;
export const watchedOf = (channel: string): MeetingId => channel.slice(watchChannel('').length) as MeetingId;

/** A meeting that nobody renews is forgotten after that time, should everything else fail. */
export const MEETING_LIFE_MS = 10 * 60_000;

/**
 * One change of one meeting. It first strikes out what dead processes left behind, then makes the change, and tells the
 * processes that have somebody at the meeting, except the one that asks: that one reads the answer. Everybody is told
 * the whole state, with a number that only grows, so that whatever comes late is known to be late.
 *
 *   KEYS  meeting
 *   ARGV  id, node that asks, change, and what the change needs:
 *         claim PEER | release PEER | knock PEER MOST ENVELOPE | leave PEER | retire
 *         restore HOST-OR-NOTHING PEER,PEER,… | look
 *   answer  outcome, state: ok | hosted (there was a host before) | full
 *   state   `ORDER NODE PEER PEER:NODE,PEER:NODE`, of the host and of the guests, `-` for none
 *   told    S ID STATE | K ID STATE PEER ENVELOPE | X ID (retired); to who watches: `ORDER NODE`, or X
 */
export const CHANGE = script(`
local at, id, me, change, peer = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local prefix = '${PREFIX}'
local hostNode, hostPeer
local guests, count = {}, 0
local living = { [me] = true }
local isPruned = false

local function lives(node)
  if living[node] == nil then living[node] = redis.call('EXISTS', prefix .. 'node:' .. node) == 1 end
  return living[node]
end

local entries = redis.call('HGETALL', at)
for i = 1, #entries, 2 do
  local field, value = entries[i], entries[i + 1]
  local node, hosting = string.match(value, '^(%S+) ?(%S*)$')
  if not lives(node) then
    redis.call('HDEL', at, field)
    isPruned = true
  elseif field == 'host' then
    hostNode, hostPeer = node, hosting
  else
    guests[field] = node
    count = count + 1
  end
end

local formerNode = hostNode
local order = redis.call('INCR', prefix .. 'order')

local function state()
  local list = {}
  for guest, node in pairs(guests) do list[#list + 1] = guest .. ':' .. node end
  local all = #list > 0 and table.concat(list, ',') or '-'
  return string.format('%d', order) .. ' ' .. (hostNode or '-') .. ' ' .. (hostPeer or '-') .. ' ' .. all
end

local function tellAll(message)
  local told = { [me] = true }
  local function tell(node)
    if node and not told[node] then
      told[node] = true
      redis.call('SPUBLISH', prefix .. 'node:' .. node, message)
    end
  end
  tell(formerNode)
  tell(hostNode)
  for _, node in pairs(guests) do tell(node) end
end

local function tellWatchers()
  redis.call('SPUBLISH', prefix .. 'watch:' .. id, string.format('%d', order) .. ' ' .. (hostNode or '-'))
end

local outcome = 'ok'
local isChanged, isHostChanged = isPruned, isPruned
if change == 'claim' then
  if hostNode then outcome = 'hosted' end
  if guests[peer] then
    redis.call('HDEL', at, peer)
    guests[peer] = nil
  end
  redis.call('HSET', at, 'host', me .. ' ' .. peer)
  hostNode, hostPeer = me, peer
  isChanged, isHostChanged = true, true
elseif change == 'release' then
  if hostNode == me and hostPeer == peer then
    redis.call('HDEL', at, 'host')
    hostNode, hostPeer = nil, nil
    isChanged, isHostChanged = true, true
  end
elseif change == 'knock' then
  if not guests[peer] and count >= tonumber(ARGV[5]) then
    outcome = 'full'
  else
    redis.call('HSET', at, peer, me)
    guests[peer] = me
    if hostNode and hostNode ~= me then
      redis.call('SPUBLISH', prefix .. 'node:' .. hostNode, 'K ' .. id .. ' ' .. state() .. ' ' .. peer .. ' ' .. ARGV[6])
    end
  end
elseif change == 'leave' then
  if guests[peer] == me then
    redis.call('HDEL', at, peer)
    guests[peer] = nil
    isChanged = true
  end
elseif change == 'retire' then
  redis.call('DEL', at)
  tellAll('X ' .. id)
  redis.call('SPUBLISH', prefix .. 'watch:' .. id, 'X')
  return { outcome, '0 - - -' }
elseif change == 'restore' then
  for guest in string.gmatch(ARGV[5], '[^,]+') do
    redis.call('HSET', at, guest, me)
    guests[guest] = me
  end
  -- Who claimed meanwhile did so later.
  if peer ~= '' and (not hostNode or hostPeer == peer) then
    redis.call('HSET', at, 'host', me .. ' ' .. peer)
    hostNode, hostPeer = me, peer
    isHostChanged = true
  end
  isChanged = true
end
if isChanged then tellAll('S ' .. id .. ' ' .. state()) end
if isHostChanged then tellWatchers() end
if hostNode or next(guests) then redis.call('PEXPIRE', at, ${MEETING_LIFE_MS}) end
return { outcome, state() }
`);

/**
 * Where the hosts of meetings are: `order`, and of each of KEYS the host's node, or nothing.
 *   ARGV  none
 */
export const HOSTS = script(`
local answer = { redis.call('GET', '${PREFIX}order') or '0' }
for i = 1, #KEYS do
  local host = redis.call('HGET', KEYS[i], 'host')
  local node = host and string.match(host, '^%S+') or ''
  if node ~= '' and redis.call('EXISTS', '${PREFIX}node:' .. node) == 0 then node = '' end
  answer[i + 1] = node
end
return answer
`);

export function script(source: string): Script {
  return { source, sha1: createHash('sha1').update(source).digest('hex') };
}
