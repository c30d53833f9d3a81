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

    /// <summary>The variable or file that says so.</summary>
    public string Source { get; }
}

/// <summary>Gets how this session reaches Connect.</summary>
/// <remarks>The environment variable CAUSEWAY_CONNECT comes first, then the Connect of this machine, then the connection of Register-CausewayConnection. The token is not shown.</remarks>
/// <example>
/// <code>Get-CausewayConnection</code>
/// <para>Where Connect is, and how that is known.</para>
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

/// <summary>Registers the Connect that this user's sessions work with.</summary>
/// <remarks>For a machine other than Connect's. Writes a file that this user alone can read: the address, the CA that its certificate must be of, and a named token of Connect's admin API, which 'causeway connect token create' makes. It is tried before it is kept. On Windows the token is encrypted for the user besides (DPAPI).</remarks>
/// <example>
/// <code>Register-CausewayConnection -Address https://connect.corp.example.com:8445 -CaFile ./ca.pem -Token (Read-Host -AsSecureString 'token')</code>
/// <para>Once, and the scripts run from this machine as they do on Connect's.</para>
/// </example>
[Cmdlet(VerbsLifecycle.Register, "CausewayConnection", SupportsShouldProcess = true)]
[OutputType(typeof(CausewayConnection))]
public sealed class RegisterCausewayConnection : ConnectCmdlet
{
    /// <summary>The address of Connect's admin API, https://host:port.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string? Address { get; set; }

    /// <summary>PEM file of the CA that Connect's certificate is of; the system's CAs when it is left out.</summary>
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

/// <summary>Forgets the Connect that was registered.</summary>
/// <remarks>Removes the file of Register-CausewayConnection. The token stays valid until 'causeway connect token revoke' ends it.</remarks>
/// <example>
/// <code>Unregister-CausewayConnection</code>
/// <para>Forgets it.</para>
/// </example>
[Cmdlet(VerbsLifecycle.Unregister, "CausewayConnection", SupportsShouldProcess = true)]
public sealed class UnregisterCausewayConnection : ConnectCmdlet
{
    protected override void ProcessRecord()
    {
        var profile = new Profile();
        if (ShouldProcess(profile.Path, "remove the connection") && !profile.Remove()) WriteVerbose("there was no connection to remove");
    }
}
