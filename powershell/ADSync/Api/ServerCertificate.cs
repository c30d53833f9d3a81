using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

namespace Causeway.ADSync.Api;

/// <summary>
/// Whether to accept a server's certificate: issued by one of the given CAs, valid now, for the requested name. Without given CAs the
/// system decides. There is no way to accept everything.
/// </summary>
internal sealed class ServerCertificate
{
    private const int MaxPem = 1024 * 1024;
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private readonly IReadOnlyList<X509Certificate2> _roots;

    public ServerCertificate(IReadOnlyList<X509Certificate2> roots) => _roots = roots;

    /// <summary>Why the last certificate was rejected.</summary>
    public string? Refusal { get; private set; }

    /// <exception cref="ConnectException">The text has no certificate.</exception>
    public static IReadOnlyList<X509Certificate2> ParsePem(string pem)
    {
        var blocks = Regex.Matches(pem, "-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\\s]+)-----END CERTIFICATE-----");
        try
        {
            if (blocks.Count > 0)
                return blocks.Cast<Match>().Select(block => new X509Certificate2(Convert.FromBase64String(block.Groups[1].Value))).ToList();
        }
        catch (Exception error) when (error is FormatException || error is CryptographicException)
        {
            throw new ConnectException("bad-ca", $"a CA's certificate in PEM expected: {error.Message}", error);
        }
        throw new ConnectException("bad-ca", "a CA's certificate in PEM expected (-----BEGIN CERTIFICATE-----), none found");
    }

    public static string ReadPem(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MaxPem) throw new IOException("it is larger than 1 MiB");
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException || error is UnauthorizedAccessException)
        {
            throw new ConnectException("bad-ca", $"cannot read the CA file '{path}': {error.Message}", error);
        }
    }

    public bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        Refusal = WhyNot(certificate, chain, errors);
        return Refusal is null;
    }

    private string? WhyNot(X509Certificate? certificate, X509Chain? sent, SslPolicyErrors errors)
    {
        if (certificate is null || (errors & SslPolicyErrors.RemoteCertificateNotAvailable) != 0) return "the server presented no certificate";
        if ((errors & SslPolicyErrors.RemoteCertificateNameMismatch) != 0)
            return $"the server's certificate is for another name ('{certificate.Subject}'): use an address that the certificate names";
        if (_roots.Count == 0)
            return errors == SslPolicyErrors.None ? null : "the server's certificate was not issued by a CA that this machine trusts: pass the CA with -CaFile";
        using (var chain = new X509Chain())
        using (var leaf = new X509Certificate2(certificate))
        {
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            // .NET Standard 2.0 has no trust store per call, so the chain accepts any root, and the code below compares it.
            chain.ChainPolicy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
            chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
            foreach (var root in _roots) chain.ChainPolicy.ExtraStore.Add(root);
            if (sent != null)
                foreach (var element in sent.ChainElements) chain.ChainPolicy.ExtraStore.Add(element.Certificate);
            chain.Build(leaf);
            var flags = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, status) => all | status.Status);
            if ((flags & X509ChainStatusFlags.NotTimeValid) != 0) return "the server's certificate has expired or is not valid yet: renew it on the server";
            var last = chain.ChainElements[chain.ChainElements.Count - 1].Certificate;
            if (!_roots.Any(root => root.RawData.SequenceEqual(last.RawData)) || (flags & ~X509ChainStatusFlags.UntrustedRoot) != 0)
                return "the server's certificate was not issued by the CA of this connection: pass the CA that issued it with -CaFile";
            return null;
        }
    }
}
