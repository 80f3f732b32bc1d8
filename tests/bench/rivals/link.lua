-- Links each request with credentials to the challenge that issued its nonce, and does nothing else.
-- For comparison with the plugin; SPDX-License-Identifier: GPL-2.0-or-later

local status, nonce = Field.new("sip.Status-Code"), Field.new("sip.auth.nonce")
local trail = Proto("luatrail", "Challenge and retry in Lua")
local challenge_in = ProtoField.framenum("luatrail.challenge_in", "Challenge in frame")
trail.fields = {challenge_in}

local challenges, links = {}, {}

function trail.init()
    challenges, links = {}, {}
end

function trail.dissector(_, pinfo, tree)
    local value = nonce()
    if not value then
        return
    end
    if not pinfo.visited then
        if status() then
            challenges[value.value] = pinfo.number
        else
            links[pinfo.number] = challenges[value.value]
        end
    end
    if links[pinfo.number] then
        tree:add(trail):add(challenge_in, links[pinfo.number]):set_generated()
    end
end

register_postdissector(trail)
