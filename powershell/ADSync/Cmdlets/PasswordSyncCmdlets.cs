using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using Causeway.ADSync.Api;
using Microsoft.IdentityManagement.PowerShell.ObjectModel;

namespace Causeway.ADSync.Cmdlets;

/// <summary>Gets whether the password channel of a forest is on.</summary>
/// <remarks>A password channel goes from a forest's connector to the tenant's.</remarks>
/// <example>
/// <code>Get-ADSyncAADPasswordSyncConfiguration -SourceConnector corp.example.com</code>
/// <para>The channel of one forest.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncAADPasswordSyncConfiguration")]
[OutputType(typeof(PasswordSyncConfiguration))]
public sealed class GetADSyncAADPasswordSyncConfiguration : ConnectCmdlet
{
    /// <summary>The name of the forest's connector; upper and lower case count. Every channel when it is left out.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "ConnectorName")]
    [ArgumentCompleter(typeof(ConnectorNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? SourceConnector { get; set; }

    protected override void ProcessRecord() => EmitAll(
        SourceConnector, "configurations", PasswordSyncConfiguration.From, new[] { "password-sync" }, Query("sourceConnector", SourceConnector));
}

/// <summary>Switches the password channel of a forest off or on.</summary>
/// <remarks>Switching it on starts it anew. If the connector's parameter Microsoft.Synchronize.ForceFullPasswordSync is 1 by then, every password of that forest is read and sent again, with the legacy hashes when there is a managed domain; Get-CausewayFullPasswordSync shows how far that is.</remarks>
/// <example>
/// <code>Set-ADSyncAADPasswordSyncConfiguration -SourceConnector corp.example.com -TargetConnector 'contoso - AAD' -Enable $false
/// Set-ADSyncAADPasswordSyncConfiguration -SourceConnector corp.example.com -TargetConnector 'contoso - AAD' -Enable $true</code>
/// <para>Starts the channel anew.</para>
/// </example>
[Cmdlet(VerbsCommon.Set, "ADSyncAADPasswordSyncConfiguration", SupportsShouldProcess = true)]
public sealed class SetADSyncAADPasswordSyncConfiguration : ConnectCmdlet
{
    /// <summary>The name of the forest's connector; upper and lower case count.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ConnectorNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? SourceConnector { get; set; }

    /// <summary>The name of the tenant's connector; upper and lower case count.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ConnectorNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? TargetConnector { get; set; }

    /// <summary>$true switches it on, $false off.</summary>
    [Parameter(Mandatory = true, Position = 2)]
    public bool Enable { get; set; }

    protected override void ProcessRecord()
    {
        if (!ShouldProcess($"{SourceConnector} to {TargetConnector}", $"switch the password channel {(Enable ? "on" : "off")}")) return;
        Ask(SourceConnector, "PUT", new[] { "password-sync" }, body: new Dictionary<string, object?>
        {
            ["sourceConnector"] = SourceConnector,
            ["targetConnector"] = TargetConnector,
            ["enabled"] = Enable,
        });
    }
}

/// <summary>Gets when the passwords of each partition were last synchronized.</summary>
/// <remarks>Times are in UTC. The status is Successful, InProgress, Failed, Disabled, or None before the first cycle.</remarks>
/// <example>
/// <code>Get-ADSyncPartitionPasswordSyncState</code>
/// <para>Of every partition.</para>
/// </example>
/// <example>
/// <code>Get-ADSyncPartitionPasswordSyncState | Where-Object { $_.PasswordSyncLastCycleStatus -ne 'Successful' }</code>
/// <para>Partitions that somebody should look at.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncPartitionPasswordSyncState")]
[OutputType(typeof(PartitionPasswordSyncState))]
public sealed class GetADSyncPartitionPasswordSyncState : ConnectCmdlet
{
    /// <summary>The name of a forest's connector; upper and lower case count. Every forest when it is left out.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(ConnectorNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ConnectorName { get; set; }

    protected override void ProcessRecord() => EmitAll(
        ConnectorName, "partitions", PartitionPasswordSyncState.From, new[] { "password-sync", "partitions" }, Query("connector", ConnectorName));
}

/// <summary>Gets how far a forced full password synchronization is.</summary>
/// <remarks>The last one of each forest: users sent and to be sent, the rate, when it is expected to end, and what it waits for. With -Wait it shows a progress bar and returns when all of them have ended.</remarks>
/// <example>
/// <code>Get-CausewayFullPasswordSync</code>
/// <para>The last one of each forest.</para>
/// </example>
/// <example>
/// <code>Get-CausewayFullPasswordSync -ConnectorName corp.example.com -Wait</code>
/// <para>Waits for the end of the one that the script has started.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "CausewayFullPasswordSync")]
[OutputType(typeof(FullPasswordSync))]
public sealed class GetCausewayFullPasswordSync : ConnectCmdlet
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>The name of a forest's connector; upper and lower case count. Every forest when it is left out.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(ConnectorNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ConnectorName { get; set; }

    /// <summary>Waits until it has ended, with a progress bar.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    protected override void ProcessRecord()
    {
        var passes = ReadPasses();
        while (passes != null && Wait && passes.Any(pass => pass.CompletedAt is null))
        {
            for (var i = 0; i < passes.Count; i++) WriteProgress(ProgressOf(i, passes[i]));
            if (Stop.WaitHandle.WaitOne(Pause)) throw new PipelineStoppedException();
            passes = ReadPasses();
        }
        if (passes is null) return;
        for (var i = 0; Wait && i < passes.Count; i++) WriteProgress(ProgressOf(i, passes[i]));
        WriteObject(passes, enumerateCollection: true);
    }

    private List<FullPasswordSync>? ReadPasses()
    {
        var answer = Ask(ConnectorName, "GET", new[] { "password-sync", "full" }, Query("connector", ConnectorName));
        return answer is null ? null : Try(ConnectorName, () => answer.Objects("passes").Select(FullPasswordSync.From).OfType<FullPasswordSync>().ToList());
    }

    private static ProgressRecord ProgressOf(int id, FullPasswordSync pass)
    {
        var rate = pass.UsersPerSecond is double perSecond ? $", {perSecond:0} a second" : string.Empty;
        var left = pass.ExpectedAt is DateTime end ? (int)Math.Max(0, (end - DateTime.UtcNow).TotalSeconds) : -1;
        return new ProgressRecord(id, $"Full password synchronization of {pass.ConnectorName}", pass.WaitingFor ?? $"{pass.Users} of {pass.Total} users{rate}")
        {
            PercentComplete = pass.PercentComplete,
            SecondsRemaining = left,
            RecordType = pass.CompletedAt is null ? ProgressRecordType.Processing : ProgressRecordType.Completed,
        };
    }
}

/// <summary>Checks the password channel, or the way of one object.</summary>
/// <remarks>Without an object: whether the feature is on, Connect is not in staging mode, the channel of each forest is on and alive, and each domain is reachable with sufficient permissions. With a connector and a distinguished name: where that object's password is, and why it goes no further.</remarks>
/// <example>
/// <code>Invoke-ADSyncDiagnostics -PasswordSync</code>
/// <para>Checks the channel of every forest.</para>
/// </example>
/// <example>
/// <code>Invoke-ADSyncDiagnostics -PasswordSync -ADConnectorName corp.example.com -DistinguishedName 'CN=Alice Example,OU=People,DC=corp,DC=example,DC=com'</code>
/// <para>Follows one user's password.</para>
/// </example>
[Cmdlet(VerbsLifecycle.Invoke, "ADSyncDiagnostics")]
[OutputType(typeof(Diagnosis))]
public sealed class InvokeADSyncDiagnostics : ConnectCmdlet
{
    /// <summary>Checks password hash synchronization, the only diagnostics that there are.</summary>
    [Parameter(Mandatory = true)]
    public SwitchParameter PasswordSync { get; set; }

    /// <summary>The name of a forest's connector; upper and lower case count.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("ConnectorName")]
    [ArgumentCompleter(typeof(ConnectorNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ADConnectorName { get; set; }

    /// <summary>The distinguished name of one object of that forest.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? DistinguishedName { get; set; }

    protected override void ProcessRecord()
    {
        if (DistinguishedName != null && ADConnectorName is null)
        {
            var error = new ConnectException("bad-request", "-ADConnectorName expected beside -DistinguishedName: which forest's object it is", null, 400);
            ThrowTerminatingError(ErrorRecords.From(error, DistinguishedName));
        }
        EmitAll((object?)DistinguishedName ?? ADConnectorName, "checks", Diagnosis.From, new[] { "diagnostics", "password-sync" }, new Dictionary<string, object?>
        {
            ["connector"] = ADConnectorName,
            ["distinguishedName"] = DistinguishedName,
        });
    }
}
