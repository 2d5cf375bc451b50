# SPDX-License-Identifier: Apache-2.0
"""A network and a mount namespace of a test's own, in which addresses, names of hosts and authorities of certificates are the test's.

Where a program's peers have names and addresses that no configuration changes, or TLS, of which it trusts whom the system trusts. Needs root or user
namespaces, and unshare(1); main() says so where it has none."""
import datetime
import fcntl
import os
import socket
import ssl
import struct
import subprocess
import sys
import unittest

OWN = "SLUICE_TEST_HAS_ITS_OWN_NETWORK"
NOT_TESTED = 77  # which CMakeLists.txt knows
ALL = "SLUICE_TEST_EVERYTHING"  # set: what cannot be tested has failed
UNSHARE = ["unshare", "--net", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])

needed = unittest.skipUnless(OWN in os.environ, "runs in a network of its own")


def main():
    """The tests of the program, which is begun once more inside."""
    if OWN not in os.environ:
        if subprocess.run([*UNSHARE, "true"], capture_output=True).returncode != 0:
            print("NOT TESTED: a network of its own needs root or user namespaces, and unshare(1)", file=sys.stderr)
            sys.exit(1 if ALL in os.environ else NOT_TESTED)
        os.execvpe(UNSHARE[0], [*UNSHARE, sys.executable, "-B", "-W", "ignore", *sys.argv], {**os.environ, OWN: "1"})
    unittest.main()


def begin(folder, *, names, authorities, addresses=()):
    """127.0.0.1, which `names` are, and `addresses` beside it; the system trusts `authorities`, which are certificates, and nobody else."""
    have_network_up(addresses)
    (folder / "hosts").write_text(f"127.0.0.1 localhost {' '.join(names)}\n")
    (folder / "certs").mkdir()
    (folder / "certs" / "ca-certificates.crt").write_bytes(b"".join(one.file.read_bytes() for one in authorities))
    for ours, theirs in ("hosts", "/etc/hosts"), ("certs", "/etc/ssl/certs"):
        subprocess.run(["mount", "--bind", folder / ours, theirs], check=True)


def have_network_up(addresses):
    """netdevice(7)"""
    SIOCSIFADDR, SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8916, 0x8913, 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        flags = struct.unpack("16sh", fcntl.ioctl(any_socket, SIOCGIFFLAGS, struct.pack("16sh", b"lo", 0)))[1]
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", flags | IFF_UP))
        for number, address in enumerate(addresses):
            fcntl.ioctl(any_socket, SIOCSIFADDR, struct.pack("16sHH4s8x", f"lo:{number}".encode(), socket.AF_INET, 0, socket.inet_aton(address)))


class Certificate:
    """Of a host with `names`; it signs itself, and is its own authority."""

    def __init__(self, folder, title, names):
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"{title} of this test")])
        now = datetime.datetime.now(datetime.timezone.utc)
        made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
                .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
                .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
                .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256()))
        self.file, self._key = folder / f"{title}.crt", folder / f"{title}.key"
        self.file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        self._key.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))

    def context(self):
        """A server's, which has it."""
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.file, self._key)
        return tls
