using System;
using System.Management.Automation;
using System.Net;
using System.Security;
using Causeway.ADSync.Api;

namespace Causeway.ADSync.Cmdlets;

/// <summary>How Connect is reached.</summary>
public sealed class CausewayConnection
{
    internal CausewayConnection(string address, string source)
    {
        Address = address;
        Source = source;
    }

    public string Address { get; }

    /// <summary>The variable or file that names the address.</summary>
    public string Source { get; }
}

/// <summary>Gets the connection to Connect that this session uses.</summary>
/// <remarks>The module uses the first of these that exists: the socket or pipe in the environment variable CAUSEWAY_CONNECT, the Connect on this machine, or the connection that you registered with Register-CausewayConnection. The token is not shown.</remarks>
/// <example>
/// <code>Get-CausewayConnection</code>
/// <para>Shows the address of Connect, and which setting it comes from.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "CausewayConnection")]
[OutputType(typeof(CausewayConnection))]
public sealed class GetCausewayConnection : ConnectCmdlet
{
    protected override void ProcessRecord()
    {
        if (Try(null, () => Connection.Find(new Profile())) is Connection found) WriteObject(new CausewayConnection(found.Where, found.Source));
    }
}

/// <summary>Registers the Connect that your sessions use.</summary>
/// <remarks>Use it on a machine other than Connect's. First create a token on Connect's machine with 'causeway connect token create'. The cmdlet tries the connection, and then saves the address, the CA and the token to a file that only you can read. On Windows, the token in the file is also encrypted for you (DPAPI).</remarks>
/// <example>
/// <code>Register-CausewayConnection -Address https://connect.corp.example.com:8445 -CaFile ./ca.pem -Token (Read-Host -AsSecureString 'token')</code>
/// <para>Registers the connection once. Scripts on this machine then work as they do on Connect's machine.</para>
/// </example>
[Cmdlet(VerbsLifecycle.Register, "CausewayConnection", SupportsShouldProcess = true)]
[OutputType(typeof(CausewayConnection))]
public sealed class RegisterCausewayConnection : ConnectCmdlet
{
    /// <summary>The address of Connect's admin API, https://host:port.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string? Address { get; set; }

    /// <summary>PEM file of the CA that issued Connect's certificate. Default: the CAs that this machine trusts.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? CaFile { get; set; }

    /// <summary>A named token of Connect's admin API.</summary>
    [Parameter(Mandatory = true)]
    [ValidateNotNull]
    public SecureString? Token { get; set; }

    protected override void ProcessRecord()
    {
        Try(Address, () =>
        {
            var profile = new Profile();
            var address = Connection.ParseAddress(Address!);
            var pem = CaFile is null ? null : ServerCertificate.ReadPem(GetUnresolvedProviderPathFromPSPath(CaFile));
            var token = new NetworkCredential(string.Empty, Token).Password;
            var connection = Connection.Remote(address, pem, token, profile.Path);
            if (!ShouldProcess(connection.Where, "register the connection")) return null;
            new ConnectClient(connection).Call("GET", ConnectClient.PathOf(new[] { "connectors" }), null, Stop);
            profile.Write(address, pem, token);
            WriteObject(new CausewayConnection(connection.Where, profile.Path));
            return (object?)null;
        });
    }
}

/// <summary>Removes the registered connection.</summary>
/// <remarks>Deletes the file that Register-CausewayConnection wrote. The token stays valid. To revoke it, run 'causeway connect token revoke' on Connect's machine.</remarks>
/// <example>
/// <code>Unregister-CausewayConnection</code>
/// <para>Removes the connection.</para>
/// </example>
[Cmdlet(VerbsLifecycle.Unregister, "CausewayConnection", SupportsShouldProcess = true)]
public sealed class UnregisterCausewayConnection : ConnectCmdlet
{
    protected override void ProcessRecord()
    {
        var profile = new Profile();
        if (ShouldProcess(profile.Path, "remove the connection") && !profile.Remove()) WriteVerbose("No connection is registered, so there is nothing to remove.");
    }
}
