using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using System.Security.Cryptography.X509Certificates;

namespace Causeway.ADSync.Api;

/// <summary>How to reach Connect: by a socket, by a pipe, or by an address with a token.</summary>
internal sealed class Connection
{
    public const string Variable = "CAUSEWAY_CONNECT";
    private const string PipePrefix = @"\\.\pipe\";
    private const int MaxDiscovery = 64 * 1024;

    private Connection(string source) => Source = source;

    /// <summary>Path of a Unix socket.</summary>
    public string? Socket { get; private set; }

    /// <summary>Name of a Windows pipe, without the prefix.</summary>
    public string? Pipe { get; private set; }

    public Uri? Address { get; private set; }

    /// <summary>CAs that may have issued the address's certificate; empty: the system's.</summary>
    public IReadOnlyList<X509Certificate2> Roots { get; private set; } = Array.Empty<X509Certificate2>();

    public string? Token { get; private set; }

    /// <summary>Where the connection was found, for people.</summary>
    public string Source { get; }

    public string Where => Socket ?? (Pipe is null ? Address!.GetLeftPart(UriPartial.Authority) : PipePrefix + Pipe);

    private static bool OnWindows => RuntimeInformation.IsOSPlatform(OSPlatform.Windows);

    /// <summary>
    /// The environment first, then the Connect of this machine, then the profile of <c>Register-CausewayConnection</c>.
    /// </summary>
    /// <exception cref="ConnectException">There is no connection.</exception>
    public static Connection Find(Profile profile)
    {
        var named = Environment.GetEnvironmentVariable(Variable);
        if (!string.IsNullOrEmpty(named)) return Local(named, $"the environment variable {Variable}");
        var discovery = DiscoveryFile();
        if (File.Exists(discovery)) return Local(ReadDiscovery(discovery), discovery);
        return profile.Read() ?? throw new ConnectException(
            "not-connected",
            $"found no Connect: none runs on this machine ('{discovery}' does not exist), {Variable} is not set, and no connection is registered");
    }

    public static Connection Local(string path, string source)
    {
        if (path.StartsWith(PipePrefix, StringComparison.OrdinalIgnoreCase))
            return new Connection(source) { Pipe = path.Substring(PipePrefix.Length) };
        if (Path.IsPathRooted(path)) return new Connection(source) { Socket = path };
        throw new ConnectException("bad-address", $"the path of a local socket or pipe expected in {source}, got '{path}'");
    }

    public static Connection Remote(Uri address, string? caPem, string token, string source) => new Connection(source)
    {
        Address = address,
        Roots = caPem is null ? Array.Empty<X509Certificate2>() : ServerCertificate.ParsePem(caPem),
        Token = CheckToken(token),
    };

    /// <summary>Accepts host and port only. Anything else in an address could only be guessed at.</summary>
    public static Uri ParseAddress(string text)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttps && address.UserInfo.Length == 0
            && address.PathAndQuery == "/")
            return address;
        throw new ConnectException("bad-address", $"an address such as https://connect.corp.example.com:8445 expected, got '{text}'");
    }

    /// <summary>The token goes into a header, so this rejects whatever could end the header.</summary>
    private static string CheckToken(string token)
    {
        foreach (var c in token)
            if (c <= ' ' || c > '~') throw new ConnectException("bad-token", "a token of printable ASCII without spaces expected");
        return token.Length > 0 ? token : throw new ConnectException("bad-token", "a token expected, got an empty one");
    }

    /// <summary>Connect writes the file when it starts. Its readers learn only that Connect runs: using the socket needs rights of its
    /// own.</summary>
    private static string DiscoveryFile() => OnWindows
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "causeway", "connect.json")
        : "/run/causeway/connect.json";

    private static string ReadDiscovery(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MaxDiscovery) throw new FormatException("it is too large");
            return Json.Parse(File.ReadAllText(path)) is JsonObject found ? found.Text("socket") : throw new FormatException("an object expected");
        }
        catch (Exception error) when (error is IOException || error is FormatException || error is UnauthorizedAccessException)
        {
            throw new ConnectException("bad-discovery", $"cannot read Connect's discovery file '{path}': {error.Message}", error);
        }
    }
}
