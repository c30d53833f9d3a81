using System;
using System.Linq;
using System.Management.Automation;
using Causeway.ADSync.Api;
using Microsoft.IdentityManagement.PowerShell.ObjectModel;

namespace Causeway.ADSync.Cmdlets;

/// <summary>Gets what the rules of synchronization do.</summary>
/// <remarks>The rules are fixed: who is taken, by what an object is found again, and what becomes of its attributes. EnablePasswordSync says whether passwords of what a rule takes are sent now.</remarks>
/// <example>
/// <code>Get-ADSyncRule | Where-Object { $_.EnablePasswordSync }</code>
/// <para>The rules of whose objects passwords are sent.</para>
/// </example>
/// <example>
/// <code>(Get-ADSyncRule | Where-Object { $_.Name -eq 'In from AD - User Join' }).ScopeFilter</code>
/// <para>The conditions that a user meets to be synchronized.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncRule")]
[OutputType(typeof(SynchronizationRule))]
public sealed class GetADSyncRule : ConnectCmdlet
{
    /// <summary>The rule's GUID; every rule when it is left out.</summary>
    [Parameter(Position = 0)]
    public Guid Identifier { get; set; }

    protected override void ProcessRecord()
    {
        var answer = Ask(null, "GET", new[] { "rules" });
        if (answer is null) return;
        var rules = Try(null, () => answer.Objects("rules").Select(SynchronizationRule.From).Where(rule => Identifier == Guid.Empty || rule.Identifier == Identifier).ToArray());
        if (rules is null) return;
        if (rules.Length == 0 && Identifier != Guid.Empty)
            WriteError(ErrorRecords.From(new ConnectException("no-such-rule", $"there is no rule {Identifier:D}: Get-ADSyncRule lists them", null, 404), Identifier));
        WriteObject(rules, true);
    }
}

/// <summary>Gets a person or group as the tenant should have it.</summary>
/// <remarks>What is made of an object of a forest, and where it comes from and goes. Who is not synchronized is refused with the reason.</remarks>
/// <example>
/// <code>Get-ADSyncCSObject corp.example.com 'CN=Alice Example,OU=People,DC=corp,DC=example,DC=com' | Get-ADSyncMVObject</code>
/// <para>One user.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncMVObject")]
[OutputType(typeof(MVObject))]
public sealed class GetADSyncMVObject : ConnectCmdlet
{
    /// <summary>Its GUID, which an object of a connector space has as ConnectedMVObjectId.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("ConnectedMVObjectId")]
    public Guid Identifier { get; set; }

    protected override void ProcessRecord() => Emit(Identifier, MVObject.From, new[] { "metaverse", Identifier.ToString("D") });
}
