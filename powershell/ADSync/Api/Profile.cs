using System;
using System.Collections.Generic;
using System.IO;
using System.Management.Automation;
using System.Runtime.InteropServices;

namespace Causeway.ADSync.Api;

/// <summary>
/// A user's registered connection, in a file that only the user can read. On Windows the token in it is also encrypted for the user (DPAPI,
/// by PowerShell's own ConvertFrom-SecureString). Elsewhere only the file's mode protects it.
/// </summary>
internal sealed class Profile
{
    private const int MaxFile = 2 * 1024 * 1024;
    private const uint OwnerOnly = 0x180; // 0600
    private const uint OwnerOnlyFolder = 0x1c0; // 0700
    private const string Protect =
        "param($t) $s = New-Object Security.SecureString; foreach ($c in $t.ToCharArray()) { $s.AppendChar($c) }; ConvertFrom-SecureString $s";

    private const string Unprotect = "param($t) (New-Object Net.NetworkCredential '', (ConvertTo-SecureString $t)).Password";

    public static bool OnWindows => RuntimeInformation.IsOSPlatform(OSPlatform.Windows);

    public string Path { get; } = System.IO.Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData, Environment.SpecialFolderOption.DoNotVerify), "causeway", "connection.json");

    public Connection? Read()
    {
        if (!File.Exists(Path)) return null;
        try
        {
            if (new FileInfo(Path).Length > MaxFile) throw new FormatException("it is too large");
            if (!(Json.Parse(File.ReadAllText(Path)) is JsonObject saved)) throw new FormatException("an object expected");
            var token = OnWindows ? Run(Unprotect, saved.Text("token")) : saved.Text("token");
            return Connection.Remote(Connection.ParseAddress(saved.Text("address")), saved.TextOrNull("ca"), token, Path);
        }
        catch (Exception error) when (error is IOException || error is FormatException || error is UnauthorizedAccessException)
        {
            throw new ConnectException("bad-profile", $"cannot read the connection in '{Path}': {error.Message}", error);
        }
    }

    public void Write(Uri address, string? caPem, string token)
    {
        var text = Json.Write(new Dictionary<string, object?>
        {
            ["address"] = address.GetLeftPart(UriPartial.Authority),
            ["ca"] = caPem,
            ["token"] = OnWindows ? Run(Protect, token) : token,
        });
        var folder = System.IO.Path.GetDirectoryName(Path)!;
        Directory.CreateDirectory(folder);
        if (!OnWindows) Restrict(folder, OwnerOnlyFolder);
        var temporary = System.IO.Path.Combine(folder, Guid.NewGuid().ToString("N") + ".new");
        try
        {
            // Created and restricted before it holds the secret.
            using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                if (!OnWindows) Restrict(temporary, OwnerOnly);
                using (var writer = new StreamWriter(file)) writer.Write(text);
            }
            File.Delete(Path);
            File.Move(temporary, Path);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <returns>Whether there was a profile.</returns>
    public bool Remove()
    {
        if (!File.Exists(Path)) return false;
        File.Delete(Path);
        return true;
    }

    private static string Run(string script, string argument)
    {
        var results = ScriptBlock.Create(script).Invoke(argument);
        return results.Count == 1 ? results[0].ToString() : throw new FormatException("this user cannot read its token");
    }

    private static void Restrict(string path, uint mode)
    {
        if (chmod(path, mode) != 0) throw new IOException($"cannot restrict '{path}' to its owner (chmod: error {Marshal.GetLastWin32Error()})");
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int chmod([MarshalAs(UnmanagedType.LPStr)] string path, uint mode);
}
