"""Milenage (3GPP TS 35.206), as much of it as a challenge needs."""
from Cryptodome.Cipher import AES


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def rotated(block, bits):
    number = int.from_bytes(block, "big")
    return ((number << bits | number >> (128 - bits)) & (1 << 128) - 1).to_bytes(16, "big")


class Milenage:
    def __init__(self, key, op):
        self.encrypt = AES.new(key, AES.MODE_ECB).encrypt
        self.opc = xor(self.encrypt(op), op)

    def out(self, rand, rotation, constant):
        temp = self.encrypt(xor(rand, self.opc))
        block = xor(rotated(xor(temp, self.opc), rotation), constant.to_bytes(16, "big"))
        return xor(self.encrypt(block), self.opc)

    def res_and_ak(self, rand):
        out2 = self.out(rand, 0, 1)
        return out2[8:], out2[:6]

    def mac(self, rand, sqn, amf):
        temp = self.encrypt(xor(rand, self.opc))
        block = rotated(xor((sqn + amf) * 2, self.opc), 64)
        return xor(self.encrypt(xor(temp, block)), self.opc)[:8]

    def challenge(self, rand, sqn, amf):
        """RAND || AUTN"""
        _, ak = self.res_and_ak(rand)
        return rand + xor(sqn, ak) + amf + self.mac(rand, sqn, amf)
